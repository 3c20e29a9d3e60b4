# It runs, and its check never passes: the deployment fails at its deadline.
job "search" {
  group "search" {
    count = 2
    update {
      max_parallel      = 1
      progress_deadline = "12s"
      healthy_deadline  = "10s"
      min_healthy_time  = "1s"
    }
    network {
      port "http" {}
    }
    service {
      name     = "search"
      port     = "http"
      provider = "nomad"
      check {
        name     = "index"
        type     = "http"
        path     = "/index-is-built"
        interval = "1s"
        timeout  = "1s"
      }
    }
    task "httpd" {
      driver = "raw_exec"
      config {
        command = "/bin/busybox"
        args    = ["httpd", "-f", "-p", "127.0.0.1:${NOMAD_PORT_http}", "-h", "local"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
