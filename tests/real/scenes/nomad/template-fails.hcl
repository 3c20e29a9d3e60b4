# It waits for a variable that nobody has written.
job "mailer" {
  group "mailer" {
    task "mailer" {
      driver = "raw_exec"
      template {
        data        = "{{ with nomadVar \"nomad/jobs/mailer\" }}{{ .password }}{{ end }}"
        destination = "secrets/password"
      }
      config {
        command = "/bin/sleep"
        args    = ["3600"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
