# Its check fails from the start, and restarts it.
job "api" {
  group "api" {
    restart {
      attempts = 20
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }
    update {
      progress_deadline = "40s"
      healthy_deadline  = "30s"
      min_healthy_time  = "1s"
    }
    network {
      port "http" {}
    }
    service {
      name     = "api"
      port     = "http"
      provider = "nomad"
      check {
        name     = "ready"
        type     = "http"
        path     = "/ready"
        interval = "1s"
        timeout  = "1s"
        check_restart {
          limit = 3
          grace = "1s"
        }
      }
    }
    task "httpd" {
      driver = "raw_exec"
      config {
        command = "/bin/busybox"
        args    = ["httpd", "-f", "-p", "127.0.0.1:${NOMAD_PORT_http}", "-h", "local"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
