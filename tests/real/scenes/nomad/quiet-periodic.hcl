# Each run of it ends well.
job "report" {
  type = "batch"
  periodic {
    crons            = ["* * * * *"]
    prohibit_overlap = true
  }
  group "report" {
    task "report" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo reported"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
