# Each run of it fails.
job "backup" {
  type = "batch"
  periodic {
    crons            = ["* * * * *"]
    prohibit_overlap = true
  }
  group "backup" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }
    task "backup" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo 'pg_dump: error: connection refused' >&2; exit 1"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
