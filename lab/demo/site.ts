import type { HaleConfig } from "../hale-cluster.ts";

/** Where each host has the web server's configuration; the same file on all. */
export const nginxConfigFile = "/etc/hale/nginx.conf";

/** The smallest site that says who answers. */
export const nginxConfig = `pid /run/nginx-intranet.pid;
error_log /var/log/nginx/intranet.log;
worker_processes 1;
events { worker_connections 512; }
http {
  access_log off;
  server {
    listen 80;
    location / {
      default_type text/plain;
      add_header x-host $hostname always;
      return 200 "$hostname\\n";
    }
    location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }
  }
}
`;

/** The cluster of the demo: an address and the web server behind it, as an administrator would write it. */
export function siteConfig(virtualIp: string): HaleConfig {
  return {
    heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "10s" },
    services: {
      intranet: {
        domain: { nodes: ["n1", "n2", "n3"], ordered: true, restricted: true, failback: false },
        recovery: { policy: "restart", "max-restarts": 3, within: "10m" },
        resources: [
          {
            ocf: { agent: "heartbeat:nginx", configfile: nginxConfigFile, monitor: { interval: "5s", timeout: "20s" } },
          },
          { address: { ip: `${virtualIp}/24` } },
        ],
      },
    },
  };
}
