/** Piece of the office, what stands there instead, and all errors that must come of it. */
export const mistakes: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "cluster: office",
    "cluster: my office",
    [
      '1:10: cluster: found "my office", wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit',
    ],
  ],
  [
    "cluster: office",
    "cluster:",
    [
      "1:1: cluster: found nothing, wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit",
    ],
  ],
  [
    "cluster: office",
    "cluster: office\nengine: corosync",
    ['2:9: engine: found "corosync", which is not yet supported in this version, wanted a configuration without it'],
  ],
  [
    "cluster: office",
    "cluster: office\nengine: embeded",
    ['2:9: engine: found "embeded", wanted "embedded"; did you mean "embedded"?'],
  ],
  [
    "cluster: office",
    "cluster: office\nnotify: { mail: x }",
    ['2:1: notify: found key "notify", which is not yet supported in this version, wanted a configuration without it'],
  ],
  [
    "quorum:",
    "qourum:",
    [
      '6:1: qourum: found key "qourum", wanted one of cluster, engine, heartbeat, nodes, quorum, fencing, quarantine, services; did you mean "quorum"?',
      "1:1: quorum: found nothing, wanted an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }",
    ],
  ],
  [
    "keepalive: 250ms",
    "keepalive: 250",
    ["2:25: heartbeat.keepalive: found 250, wanted a duration such as 250ms, 1.5s or 10m"],
  ],
  ["keepalive: 250ms", "keepalive: 10ms", ['2:25: heartbeat.keepalive: found "10ms", wanted at least 20ms']],
  [
    "warntime: 750ms",
    "warntime: 2s",
    ['2:42: heartbeat.warntime: found "2s", wanted from keepalive to deadtime (250ms to 1.5s)'],
  ],
  [
    "deadtime: 1500ms",
    "deadtime: 1.0005s",
    ['2:59: heartbeat.deadtime: found "1.0005s", wanted whole milliseconds, from 1ms to a year'],
  ],
  [
    "warntime: 750ms, deadtime: 1500ms",
    "deadtime: 749ms",
    ['2:42: heartbeat.deadtime: found "749ms", wanted at least 3 keepalives (750ms)'],
  ],
  ["initdead: 30s", "initdead: 1s", ['2:77: heartbeat.initdead: found "1s", wanted at least deadtime (1.5s)']],
  [
    "transport: unicast",
    "transport: broadcast",
    [
      '2:93: heartbeat.transport: found "broadcast", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  ["port: 6940", "port: 0", ["2:108: heartbeat.port: found 0, wanted a port from 1 to 65535"]],
  [
    "[192.168.1.12, 10.9.9.2]",
    "[192.168.1.12]",
    [
      '5:23: nodes.serv2.addresses: found 1 address, wanted 2, as node "serv1" has: link i joins the i-th address of every node',
    ],
  ],
  [
    "10.9.9.2]",
    "192.168.1.11]",
    [
      '5:38: nodes.serv2.addresses[1]: found "192.168.1.11", which is also at nodes.serv1.addresses[0], wanted another address',
    ],
  ],
  [
    "10.9.9.2]",
    "10.9.9.02]",
    ['5:38: nodes.serv2.addresses[1]: found "10.9.9.02", wanted an IPv4 or IPv6 address, without prefix length'],
  ],
  [
    "  serv2: {",
    "  serv2: { serial: /dev/ttyS0,",
    [
      '5:12: nodes.serv2.serial: found key "serial", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "  serv2: {",
    "  serv2: { votes: 16,",
    [
      "5:19: nodes.serv2.votes: found 16, wanted a whole number of votes from 0 to 15",
      "6:20: quorum.arbiter: found fencing with unequal votes, wanted the same votes for both, or quorum: majority: the node with more of them goes on without the other anyway",
    ],
  ],
  [
    "  serv2: {",
    "  serv2: { votes: 1.5,",
    ["5:19: nodes.serv2.votes: found 1.5, wanted a whole number of votes from 0 to 15"],
  ],
  [
    "  serv2: {",
    '  serv2: { votes: "2",',
    ['5:19: nodes.serv2.votes: found "2", wanted a whole number of votes from 0 to 15'],
  ],
  [
    "  serv2: {",
    "  serv2: { votes: -1,",
    ["5:19: nodes.serv2.votes: found -1, wanted a whole number of votes from 0 to 15"],
  ],
  [
    "  serv2: {",
    "  serv2: { votes: 0,",
    [
      "6:20: quorum.arbiter: found fencing with unequal votes, wanted the same votes for both, or quorum: majority: the node with more of them goes on without the other anyway",
    ],
  ],
  [
    "quorum: { arbiter: fencing, prefer: serv1 }",
    "  serv3: { votes: 15, addresses: [192.168.1.13, 10.9.9.3], fence: [{ device: pdu, plug: 3 }] }",
    [],
  ],
  [
    ", fence: [{ device: pdu, plug: 1 }]",
    "",
    ["4:3: nodes.serv1: found no fence, wanted fence: [{ device: … }], or fence: [] if nothing can fence this node"],
  ],
  [
    "fence: [{ device: pdu, plug: 1 }]",
    "fence: []",
    ["4:56: nodes.serv1.fence: found no step, wanted a device for this node: arbiter fencing needs one for both nodes"],
  ],
  [
    "[{ device: pdu, plug: 1 }]",
    "[{ device: pdv, plug: 1 }]",
    ['4:67: nodes.serv1.fence[0].device: found "pdv", wanted a configured device: pdu; did you mean "pdu"?'],
  ],
  [
    "  serv2: {",
    "  serv1: {",
    [
      "5:3: found key serv1 again, wanted each key once",
      "6:20: quorum.arbiter: found fencing with 1 node, wanted 2 nodes, or quorum: majority",
      '11:30: services.intranet.domain.nodes[1]: found "serv2", wanted a configured node: serv1; did you mean "serv1"?',
    ],
  ],
  [
    "quorum: { arbiter: fencing, prefer: serv1 }",
    "quorum: majority",
    [
      '6:9: quorum: found "majority", wanted an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }',
    ],
  ],
  [
    "arbiter: fencing, prefer: serv1",
    'arbiter: { witness: "w:1" }',
    [
      '6:31: quorum.arbiter.witness: found "w:1", wanted an address and a port such as 192.168.1.20:6941 or [fd00::20]:6941, no name: name service may fail',
    ],
  ],
  [
    "arbiter: fencing, prefer: serv1",
    "arbiter: { witness: 10.9.9.2:6941 }",
    [
      '6:31: quorum.arbiter.witness: found "10.9.9.2:6941", which is an address of serv2, wanted a machine that is no node: a witness on a node is lost with it',
    ],
  ],
  [
    "arbiter: fencing, prefer: serv1",
    "arbiter: { disk: sdb }",
    [
      '6:28: quorum.arbiter.disk: found "sdb", wanted an absolute path, the same on all nodes, such as /dev/disk/by-id/scsi-360014',
    ],
  ],
  [
    "prefer: serv1",
    "prefer: serv3",
    ['6:37: quorum.prefer: found "serv3", wanted a configured node: serv1, serv2; did you mean "serv1"?'],
  ],
  [
    "arbiter: fencing, prefer: serv1",
    "arbiter: { reachlist: [192.168.1.12, gateway, 192.168.1.1, 192.168.1.1] }, delay: 0",
    [
      '6:34: quorum.arbiter.reachlist[0]: found "192.168.1.12", which is an address of serv2, wanted a host outside the cluster',
      '6:48: quorum.arbiter.reachlist[1]: found "gateway", wanted an IPv4 or IPv6 address, no name: name service may be what is missing',
      '6:70: quorum.arbiter.reachlist[3]: found "192.168.1.1" again, wanted each host once',
      "6:93: quorum.delay: found 0, wanted more than 0: by it the node that reaches fewer hosts comes later",
    ],
  ],
  [
    "arbiter: fencing, prefer: serv1",
    "arbiter: { reachlist: [] }",
    ["6:33: quorum.arbiter.reachlist: found an empty list, wanted at least one address"],
  ],
  ["prefer: serv1", "wait-for-all: yes", ['6:43: quorum.wait-for-all: found "yes", wanted true or false']],
  [
    "{ arbiter: fencing, prefer: serv1 }",
    "{ wait-for-all: true }",
    [
      "6:9: quorum: found a mapping, wanted an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }",
    ],
  ],
  [
    "prefer: serv1",
    "delay: soon",
    ['6:36: quorum.delay: found "soon", wanted a duration such as 250ms, 1.5s or 10m, or 0'],
  ],
  [
    "agent: fence_apc_snmp, ",
    "agnet: fence_apc_snmp, ",
    [
      '8:14: fencing.devices.pdu.agent: found nothing, but a key "agnet", wanted the name of a fence agent such as fence_ipmilan',
    ],
  ],
  [
    "agent: fence_apc_snmp",
    "agent: ../fence_apc",
    [
      '8:28: fencing.devices.pdu.agent: found "../fence_apc", wanted the name of a fence agent such as fence_ipmilan, or its absolute path',
    ],
  ],
  [
    "agent: fence_apc_snmp",
    "agent: tools/fence_apc",
    [
      '8:28: fencing.devices.pdu.agent: found "tools/fence_apc", wanted the name of a fence agent such as fence_ipmilan, or its absolute path',
    ],
  ],
  [
    "agent: fence_apc_snmp",
    "agent: /usr/sbin/",
    [
      '8:28: fencing.devices.pdu.agent: found "/usr/sbin/", wanted the name of a fence agent such as fence_ipmilan, or its absolute path',
    ],
  ],
  [
    "ip: 10.9.9.9",
    "ip: [10.9.9.9]",
    ["8:48: fencing.devices.pdu.ip: found a list of 1, wanted a text, a number, true or false"],
  ],
  [
    "ip: 10.9.9.9",
    'ip: "10.9.9.9\\naction=on"',
    ["8:48: fencing.devices.pdu.ip: found a text of several lines, wanted one line"],
  ],
  ["ip: 10.9.9.9", "action: on", ['8:52: fencing.devices.pdu.action: found "on", wanted off-on, off or reboot']],
  [
    "ip: 10.9.9.9",
    "action: reboot",
    [
      "5:68: nodes.serv2.fence[0][0].device: found pdu, whose action is reboot, wanted a device that switches off: only one that is alone may reboot",
      "5:96: nodes.serv2.fence[0][1].device: found pdu, whose action is reboot, wanted a device that switches off: only one that is alone may reboot",
    ],
  ],
  [
    "plug: 1 }",
    "plug: 1, delay: soon }",
    ['4:88: nodes.serv1.fence[0].delay: found "soon", wanted a duration such as 250ms, 1.5s or 10m, or 0'],
  ],
  [
    "agent: fence_apc_snmp",
    "agent: fence_scsi",
    [
      "4:57: nodes.serv1.fence[0]: found only pdu, which cuts off, wanted a device in the level that switches the node off, too, or the node's watchdog after it (fence: [..., watchdog]): one that runs on keeps its addresses",
      "5:57: nodes.serv2.fence[0]: found only pdu, pdu, which cuts off, wanted a device in the level that switches the node off, too, or the node's watchdog after it (fence: [..., watchdog]): one that runs on keeps its addresses",
    ],
  ],
  ["ip: 10.9.9.9", "unfence: perhaps", ['8:53: fencing.devices.pdu.unfence: found "perhaps", wanted true or false']],
  [
    "/etc/hale/pdu.secret",
    "pdu.secret",
    ['8:85: fencing.devices.pdu.password-file: found "pdu.secret", wanted an absolute path'],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: [serv1, srv2]",
    [
      '11:30: services.intranet.domain.nodes[1]: found "srv2", wanted a configured node: serv1, serv2; did you mean "serv2"?',
    ],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: [serv1, serv1]",
    ['11:30: services.intranet.domain.nodes[1]: found "serv1" again, wanted each node once'],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: []",
    [
      "11:53: services.intranet.domain.restricted: found a restricted domain without nodes, wanted nodes, or no restriction",
    ],
  ],
  [
    "failback: false",
    "failback: no",
    ['11:81: services.intranet.domain.failback: found "no", wanted true, false or { between: "02:00-04:00" }'],
  ],
  [
    "policy: restart",
    "policy: restrat",
    [
      '12:25: services.intranet.recovery.policy: found "restrat", wanted restart, relocate or disable; did you mean "restart"?',
    ],
  ],
  [
    "max-restarts: 3",
    "max-restarts: 3.5",
    ["12:48: services.intranet.recovery.max-restarts: found 3.5, wanted a whole number from 0 to 1000"],
  ],
  [
    "192.168.1.100/24",
    "192.168.1.100",
    [
      '14:24: services.intranet.resources[0].address.ip: found "192.168.1.100", wanted an address with its prefix length such as 192.168.1.100/24',
    ],
  ],
  [
    "192.168.1.100/24",
    "192.168.1.0/24",
    [
      '14:24: services.intranet.resources[0].address.ip: found "192.168.1.0/24", the network or broadcast address, wanted an address that a host may have',
    ],
  ],
  [
    "192.168.1.100/24",
    "10.9.9.2/24",
    [
      '14:24: services.intranet.resources[0].address.ip: found "10.9.9.2/24", which is also at nodes.serv2.addresses[1], wanted another address',
    ],
  ],
  [
    "192.168.1.100/24",
    "fd00:0::0100/64",
    [
      '20:34: services.reports.resources[0].address.ip: found "fd00::100/64", which is also at services.intranet.resources[0].address.ip, wanted another address',
    ],
  ],
  [
    "192.168.1.100/24 }",
    "192.168.1.100/24, mac: 1 }",
    [
      "14:47: services.intranet.resources[0].address.mac: found 1, wanted derived, or a hardware address of one's own such as 02:00:c0:a8:01:64",
    ],
  ],
  [
    "heartbeat:apache",
    "apache",
    ['15:23: services.intranet.resources[1].ocf.agent: found "apache", wanted provider:type such as heartbeat:nginx'],
  ],
  [
    "heartbeat:apache",
    "heartbeat:../../evil",
    [
      '15:23: services.intranet.resources[1].ocf.agent: found "heartbeat:../../evil", wanted provider:type such as heartbeat:nginx',
    ],
  ],
  [
    "heartbeat:apache",
    "../heartbeat:apache",
    [
      '15:23: services.intranet.resources[1].ocf.agent: found "../heartbeat:apache", wanted provider:type such as heartbeat:nginx',
    ],
  ],
  [
    "heartbeat:apache",
    "heartbeat:..",
    [
      '15:23: services.intranet.resources[1].ocf.agent: found "heartbeat:..", wanted provider:type such as heartbeat:nginx',
    ],
  ],
  [
    "heartbeat:apache",
    "heartbeat:.hidden",
    [
      '15:23: services.intranet.resources[1].ocf.agent: found "heartbeat:.hidden", wanted provider:type such as heartbeat:nginx',
    ],
  ],
  [
    "heartbeat:apache",
    "heartbeat:a:b",
    [
      '15:23: services.intranet.resources[1].ocf.agent: found "heartbeat:a:b", wanted provider:type such as heartbeat:nginx',
    ],
  ],
  [
    "configfile:",
    "config file:",
    [
      '15:43: services.intranet.resources[1].ocf["config file"]: found key "config file", wanted a parameter name of letters, digits, underscores and hyphens',
    ],
  ],
  [
    "interval: 5s",
    "intervall: 5s",
    [
      '15:93: services.intranet.resources[1].ocf.monitor.intervall: found key "intervall", wanted one of interval, timeout, failures-to-act, levels; did you mean "interval"?',
    ],
  ],
  [
    "/etc/init.d/lpd",
    "lpd",
    ['16:24: services.intranet.resources[2].lsb.script: found "lpd", wanted the absolute path of an init script'],
  ],
  [
    "lsb: { script: /etc/init.d/lpd }",
    "lsb: { script: /etc/init.d/apache }",
    [
      '16:9: services.intranet.resources[2]: found a second resource named "apache", wanted another name (key name): services.intranet.resources[1] has it',
    ],
  ],
  [
    "- lsb: {",
    "- mirror: {",
    [
      '16:9: services.intranet.resources[2].mirror: found key "mirror", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "- lsb: {",
    "- lbs: {",
    [
      '16:9: services.intranet.resources[2].lbs: found key "lbs", wanted one of address, filesystem, lvm, nfs-export, systemd, samba, ocf, lsb, rhcs, exec, delay; did you mean "lsb"?',
    ],
  ],
  [
    "- lsb:",
    "  lsb:",
    [
      '15:9: services.intranet.resources[1]: found 2 kinds in one resource: ocf, lsb, wanted one kind; begin each resource with "- "',
    ],
  ],
  [
    "lsb: { script: /etc/init.d/lpd }",
    "lpd",
    [
      '16:9: services.intranet.resources[2]: found "lpd", wanted a resource such as { address: { ip: 192.168.1.100/24 } }',
    ],
  ],
  [
    "start: [/bin/worker, 007]",
    "start: /bin/worker start",
    [
      '17:24: services.intranet.resources[3].exec.start: found "/bin/worker start", wanted a list of arguments such as ["/usr/bin/worker", "--start"]',
    ],
  ],
  [
    ", timeout: 1.5s }",
    ", timeout: 0 }",
    ["17:91: services.intranet.resources[3].exec.stop.timeout: found 0, wanted a duration such as 250ms, 1.5s or 10m"],
  ],
  [
    "    enabled: false",
    "    notify: { mail: x }\n    enabled: false",
    [
      "19:13: services.reports.notify: found it in a service without clones, wanted clones: all, too",
      '19:15: services.reports.notify.mail: found key "mail", wanted timeout',
      "19:5: services.reports.notify.timeout: found nothing, wanted a duration such as 250ms, 1.5s or 10m",
    ],
  ],
  [
    "    enabled: false",
    "    after: [intranett]\n    enabled: false",
    [
      '19:13: services.reports.after[0]: found "intranett", wanted a configured service: intranet, reports; did you mean "intranet"?',
    ],
  ],
  [
    "name: front",
    "name: a/b",
    [
      '20:73: services.reports.resources[0].address.name: found "a/b", wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit',
    ],
  ],
];
