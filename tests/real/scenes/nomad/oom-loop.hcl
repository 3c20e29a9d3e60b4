# It takes more memory than it may have, again and again; its image is imported by the test.
job "resize" {
  group "resize" {
    restart {
      attempts = 20
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }
    task "resize" {
      driver = "docker"
      config {
        image        = "busybox:test"
        network_mode = "host"
        command      = "/bin/sh"
        args         = ["-c", "echo resizing; sleep 1; x=a; while true; do x=$x$x; done"]
      }
      resources {
        cpu    = 50
        memory = 16
      }
    }
  }
}
