# Deploys healthy; its page is gone after 20 s. The check fails from then on and restarts nothing: no event tells of it.
job "shop" {
  group "shop" {
    network {
      port "http" {}
    }
    service {
      name     = "shop"
      port     = "http"
      provider = "nomad"
      check {
        name     = "page"
        type     = "http"
        path     = "/"
        interval = "2s"
        timeout  = "1s"
      }
      check {
        name      = "warm"
        type      = "http"
        path      = "/warm.html"
        interval  = "2s"
        timeout   = "1s"
        on_update = "ignore"
      }
    }
    update {
      min_healthy_time = "1s"
    }
    task "httpd" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args = [
          "-c",
          "(sleep 20; rm local/index.html) & exec /bin/busybox httpd -f -p 127.0.0.1:${NOMAD_PORT_http} -h local",
        ]
      }
      template {
        data        = "hello"
        destination = "local/index.html"
      }
      template {
        data        = "hello"
        destination = "local/warm.html"
      }
      resources {
        cpu        = 50
        memory     = 32
        memory_max = 64
      }
    }
  }
}
