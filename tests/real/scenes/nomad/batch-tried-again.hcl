# Fails, and is placed again after a minute, twice at the most.
job "import" {
  type = "batch"
  group "import" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts       = 2
      interval       = "24h"
      delay          = "1m"
      delay_function = "constant"
      unlimited      = false
    }
    task "import" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo 'fatal: no such file: orders.csv' >&2; exit 2"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
