from pyinfra.operations import server

for i in range(1, 31):
    server.shell(name=f"Run true {i}", commands=["/bin/true"])
