# Fails, and is not tried again.
job "migrate" {
  type = "batch"
  group "migrate" {
    restart {
      attempts = 1
      delay    = "1s"
      interval = "1h"
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }
    task "migrate" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo 'fatal: relation orders does not exist' >&2; exit 1"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
