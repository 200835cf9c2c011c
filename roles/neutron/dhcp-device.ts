import { createHash } from 'node:crypto'

/**
 * What the DHCP agent of a host calls itself on its ports: a UUID of its host name (neutron 2014.1
 * neutron/agent/linux/dhcp.py:697).
 */
export function dhcpDevice(hostname: string): string {
  const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex')
  const hash = createHash('sha1').update(dns).update(hostname).digest().subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return `dhcp${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
