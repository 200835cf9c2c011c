# commands.rb COUNT INVENTORY KEY KNOWN_HOSTS: COUNT commands on all hosts at once, one after the other.
require 'sshkit'
require 'sshkit/dsl'
include SSHKit::DSL

count, inventory, key, known_hosts = ARGV
hosts = File.readlines(inventory).filter_map { |line| line[/ansible_host=(\S+)/, 1] }.map { |address| "root@#{address}" }
SSHKit::Backend::Netssh.configure do |ssh|
  ssh.ssh_options = { keys: [key], user_known_hosts_file: known_hosts, auth_methods: ['publickey'], keys_only: true, config: false }
end
SSHKit.config.output_verbosity = :info
count.to_i.times { on(hosts, in: :parallel) { execute '/bin/true' } }
