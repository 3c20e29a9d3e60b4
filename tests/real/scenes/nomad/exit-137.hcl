# A driver that cannot tell: 137 is no proof of anything.
job "importer" {
  group "importer" {
    restart {
      attempts = 20
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }
    task "importer" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 1; kill -9 $$"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
