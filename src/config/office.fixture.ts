/** A right configuration with every kind of resource, for tests. */
export const officeText = `cluster: office
heartbeat: { keepalive: 250ms, warntime: 750ms, deadtime: 1500ms, initdead: 30s, transport: unicast, port: 6940 }
nodes:
  serv1: { addresses: [192.168.1.11, 10.9.9.1], fence: [{ device: pdu, plug: 1 }] }
  serv2: { addresses: [192.168.1.12, 10.9.9.2], fence: [[{ device: pdu, plug: 010 }, { device: pdu }]] }
quorum: { arbiter: fencing, prefer: serv1 }
fencing:
  devices: { pdu: { agent: fence_apc_snmp, ip: 10.9.9.9, port: 0161, password-file: /etc/hale/pdu.secret } }
services:
  intranet:
    domain: { nodes: [serv1, serv2], ordered: true, restricted: true, failback: false }
    recovery: { policy: restart, max-restarts: 3, within: 10m }
    resources:
      - address: { ip: 192.168.1.100/24 }
      - ocf: { agent: "heartbeat:apache", configfile: /etc/apache2/apache2.conf, monitor: { interval: 5s, timeout: 10s } }
      - lsb: { script: /etc/init.d/lpd }
      - exec: { start: [/bin/worker, 007], stop: { command: [/bin/worker, stop], timeout: 1.5s }, monitor: [/bin/true] }
  reports:
    enabled: false
    resources: [{ address: { ip: "fd00::100/64", interface: eth1, name: front, monitor: { interval: 0 } } }]
`;
