# It ends with 3, again and again.
job "worker" {
  group "worker" {
    restart {
      attempts = 20
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }
    task "worker" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo 'fatal: no such queue: orders' >&2; sleep 1; exit 3"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
