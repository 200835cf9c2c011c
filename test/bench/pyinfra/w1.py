from pyinfra.operations import server

server.shell(name="Run true", commands=["/bin/true"])
