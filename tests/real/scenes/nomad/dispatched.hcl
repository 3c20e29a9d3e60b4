# Runs when somebody hands it something; one that is handed 1 fails.
job "resize" {
  type = "batch"
  parameterized {
    payload       = "forbidden"
    meta_required = ["code"]
  }
  group "resize" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }
    task "resize" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo resized; exit $NOMAD_META_code"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
