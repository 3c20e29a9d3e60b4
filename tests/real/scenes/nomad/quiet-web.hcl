# A group that serves behind a check of Nomad's own.
job "web" {
  group "web" {
    count = 2
    network {
      port "http" {}
    }
    service {
      name     = "web"
      port     = "http"
      provider = "nomad"
      check {
        type     = "http"
        path     = "/"
        interval = "2s"
        timeout  = "1s"
      }
    }
    update {
      min_healthy_time = "1s"
    }
    task "httpd" {
      driver = "raw_exec"
      config {
        command = "/bin/busybox"
        args    = ["httpd", "-f", "-p", "127.0.0.1:${NOMAD_PORT_http}", "-h", "local"]
      }
      template {
        data        = "hello"
        destination = "local/index.html"
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
