# Its task's own check was never answered: it listens nowhere.
job "deaf" {
  group "deaf" {
    network {
      port "amqp" {}
    }
    update {
      progress_deadline = "40s"
      healthy_deadline  = "30s"
      min_healthy_time  = "1s"
    }
    task "main" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["86400"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
    task "side-car" {
      driver = "raw_exec"
      service {
        name     = "deaf"
        port     = "amqp"
        provider = "nomad"
        check {
          type     = "tcp"
          interval = "2s"
          timeout  = "1s"
        }
      }
      config {
        command = "/bin/sleep"
        args    = ["86400"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
