# It ended once, right after its first start, and has run ever since.
job "once" {
  group "once" {
    restart {
      attempts = 3
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }
    task "once" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "[ -e local/ran ] || { touch local/ran; echo the cache is not up yet; exit 1; }; exec sleep 3600"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
