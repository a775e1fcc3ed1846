package config

import (
	"net/netip"
	"time"
)

// The keys of the file. This is the one place where they are declared.

func fileKeys(c *Config) object {
	return object{
		{name: "doors", required: true, meaning: "The listeners that enforce.", value: sections[Door]{&c.Doors, doorKeys}},
		{name: "upstreams", meaning: "The stores behind the doors. A configuration whose routes are all answered by Sallyport itself has none.", value: sections[Upstream]{&c.Upstreams, upstreamKeys}},
		{name: "bundle", required: true, meaning: "Where accounts, principals and policies are.", value: section[Bundle]{&c.Bundle, bundleKeys}},
		{name: "keys", meaning: "Where access keys are. Only where clients come with tokens or certificates alone is it left out.", value: section[Keys]{&c.Keys, keysKeys}},
		{name: "sessions", meaning: "Temporary credentials. Without it there are none: session tokens, bearer tokens and client certificates that stand for roles are refused, and STS is not served. Trust policies are judged with it: what they are conditioned on must be filled.", value: optional[Sessions]{&c.Sessions, sessionsKeys}},
		{name: "admin", meaning: "The listener for operators: health, metrics, status. It is plain HTTP without authentication; keep it from clients.", value: section[Admin]{&c.Admin, adminKeys}},
		{name: "log", meaning: "What is logged, as JSON on standard error.", value: section[Log]{&c.Log, logKeys}},
		{name: "audit", meaning: "Where audit records go: one for each request, as a line of JSON.", value: section[Audit]{&c.Audit, auditKeys}},
		{name: "cache", meaning: "What is remembered, to be quicker. It changes no answer.", value: section[Cache]{&c.Cache, cacheKeys}},
		{name: "limits", meaning: "What requests may take.", value: section[Limits]{&c.Limits, limitsKeys}},
		{name: "timeouts", meaning: "How long clients may take, and how the process ends.", value: section[Timeouts]{&c.Timeouts, timeoutsKeys}},
	}
}

func doorKeys(d *Door) object {
	return object{
		{name: "name", required: true, meaning: "Names the door in logs, metrics and `/status`. Unique among doors.", value: name(&d.Name)},
		{name: "type", meaning: "`standalone`: the door is a proxy itself. `ext_authz`: the door answers Envoy, which is the proxy, as its gRPC service of external authorization; see [Behind Envoy](envoy.md). `forward_auth`: it answers nginx, Traefik, Caddy or Envoy, which is the proxy and asks over HTTP; see [Behind nginx, Caddy, Traefik](forward-auth.md).", value: word(&d.Type, string(DoorStandalone), DoorStandalone, DoorExtAuthz, DoorForwardAuth)},
		{name: "dialect", meaning: "For `forward_auth`, which needs it: who asks. It says in which headers the client's request is described, and what its proxy can be told to change.", value: word(&d.Dialect, "", DialectEnvoy, DialectNginx, DialectTraefik, DialectCaddy)},
		{name: "path_prefix", meaning: "For `forward_auth`: the path that is asked for, to which Envoy adds the client's (its `path_prefix`). Any other is refused.", value: urlPath(&d.PathPrefix, "/authorize", "/authorize")},
		{name: "listen", required: true, meaning: "Address and port to listen on. Without address: every interface. Port 0 takes a free one, which `/status` tells. An `ext_authz` door may listen on a Unix socket: `unix:PATH`.", value: listen(&d.Listen)},
		{name: "socket_mode", meaning: "Who may connect to a Unix socket: its permissions, in octal.", value: mode(&d.SocketMode, "0660")},
		{name: "tls", meaning: "Serve HTTPS, or gRPC over TLS. Without it the door speaks in clear text.", value: optional[TLS]{&d.TLS, tlsKeys}},
		{name: "trusted_proxies", meaning: "Networks whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed; what stands there must set or remove all three. Without it nobody's are. A `forward_auth` door needs it: the networks of the proxies that ask; all others are refused.", value: scalars[netip.Prefix]{&d.TrustedProxies, prefix}},
		{name: "proxy_protocol", meaning: "`required`: every connection is one of `trusted_proxies` and begins with a PROXY header (version 1 or 2), as load balancers that forward connections send it: it names the client. Connections of others, and those without, are closed.", value: word(&d.ProxyProtocol, "none", ProxyProtocolNone, ProxyProtocolRequired)},
		{name: "health_path", meaning: "A path that is answered before routing and without authentication: 200 while requests should be sent here, else 503. It hides a bucket or object of that name, which `/-/healthy` cannot be in path style; of a `forward_auth` door it hides nothing.", value: urlPath(&d.HealthPath, "", "/-/healthy")},
		{name: "max_body", meaning: "For `ext_authz`, and for `forward_auth` with Envoy or Traefik: the greatest body that is sent along, as Envoy's `max_request_bytes` or Traefik's `maxBodySize` says; operations that are decided from a greater one are denied, and with 0 all that are decided from one.", value: size(&d.MaxBody, "2MiB", 0, 16<<20)},
		{name: "max_connection_age", meaning: "For `ext_authz`: how long a connection of Envoy's lives, a tenth less or more, so that replicas that are added get their share.", value: duration(&d.MaxConnectionAge, "600s", time.Second, 24*time.Hour)},
		{name: "source_principal", meaning: "For `ext_authz`: `verified` says that Envoy verifies the certificates of its clients: the SPIFFE id that it tells of one is who asks, where a request has no other credentials and the bundle has a rule for it. Write it only where every listener in front of the filter has `require_client_certificate: true` and a validation context: Envoy tells of certificates that nobody has verified, too. `recorded` only writes it into audit records.", value: word(&d.SourcePrincipal, "recorded", SourcePrincipalRecorded, SourcePrincipalVerified)},
		{name: "routes", required: true, meaning: "Where requests go, by host, and by service where hosts have several.", value: sections[Route]{&d.Routes, routeKeys}},
	}
}

func tlsKeys(t *TLS) object {
	return object{
		{name: "certificate", required: true, meaning: "PEM file of the certificate and its chain. Read again when it changes.", value: path(&t.Certificate, "tls.crt")},
		{name: "key", required: true, meaning: "PEM file of the private key. Read again when it changes.", value: path(&t.Key, "tls.key")},
		{name: "client_ca", meaning: "PEM file of the authorities of clients' certificates. To an `ext_authz` or `forward_auth` door, clients are the proxies that ask: they must show one, and without this any is served. To a `standalone` door they are who asks: a certificate is a user or role where a rule of the bundle says so and the request has no other credentials; one that does not verify ends the connection, and that of a trusted proxy is nobody's. With `proxy_protocol` it is whoever speaks TLS with the door: have no rule for the certificate of a load balancer that does so itself.", value: path(&t.ClientCA, "ca.pem")},
		{name: "client_certificates", meaning: "For `standalone`, with `client_ca`: whether clients may (`request`) or must (`require`) show a certificate.", value: word(&t.ClientCertificates, "request", ClientCertificatesRequest, ClientCertificatesRequire)},
	}
}

func routeKeys(r *Route) object {
	return object{
		{name: "name", required: true, meaning: "Names the route in logs, metrics and the owner rules of the bundle. Unique in the file.", value: name(&r.Name)},
		{name: "service", required: true, meaning: "The signing name that clients use. `sts` is answered by Sallyport itself, needs `sessions`, and has neither `upstream` nor `virtual_hosts`; see [STS](sts.md). It can have the hosts of a route of `s3`, so that one endpoint serves both: what a request is signed for chooses, and of requests without signature a form-encoded `POST /`, or one with `Action` in its query, is for STS.", value: word(&r.Service, "", ServiceS3, ServiceSTS)},
		{name: "regions", required: true, meaning: "Regions that a signature may be scoped to. The first is the one clients are told.", value: scalars[string]{&r.Regions, func(s *string) value { return region(s, "") }}},
		{name: "hosts", meaning: "Hosts, without port, by which clients reach the route in path style. A route with neither `hosts` nor `virtual_hosts` takes every host that no other route of its service takes.", value: scalars[string]{&r.Hosts, host}},
		{name: "virtual_hosts", meaning: "Domains D such that BUCKET.D is a bucket. D itself is path style.", value: scalars[string]{&r.VirtualHosts, domain}},
		{name: "account", meaning: "A guard: buckets of any other account are refused on this route.", value: account(&r.Account)},
		{name: "mode", meaning: "`observe` records what policies deny to authenticated callers and lets it pass, to try policies on a live store: in audit records such a decision has `\"enforced\": false`. Everything else is enforced: authentication, bodies, owners, what cannot be mapped, and what anonymous callers may do. A bundle with more than one account is refused then.", value: word(&r.Mode, "enforce", ModeEnforce, ModeObserve)},
		{name: "cors", meaning: "Rules for pages of other origins, of which the first that fits counts. Preflights are answered by them, and every other answer, denials too, says what they say; what the store says of other origins is taken out. Without rules the store's word goes on, and preflights are refused.", value: sections[CORSRule]{&r.CORS, corsKeys}},
		{name: "upstream", meaning: "Name of the upstream behind the route. `s3` needs one.", value: name(&r.Upstream)},
		{name: "encoded_messages", meaning: "`true` ends the messages of denials to known callers with what decided, encoded: `sts:DecodeAuthorizationMessage` reads it.", value: flag{&r.EncodedMessages}},
	}
}

func corsKeys(r *CORSRule) object {
	return object{
		{name: "origins", required: true, meaning: "Origins of pages: scheme and host, and the port if there is one. One `*` stands for any run of characters; `*` alone is any page, and `null` any page that hides where it is from: neither then sends cookies.", value: scalars[string]{&r.Origins, origin}},
		{name: "methods", required: true, meaning: "Methods that pages may use.", value: scalars[CORSMethod]{&r.Methods, func(m *CORSMethod) value {
			return word(m, "", "GET", "HEAD", "PUT", "POST", "DELETE")
		}}},
		{name: "headers", meaning: "Headers that requests may have; one `*` in a name stands for any run of characters. Pages that sign need `authorization`, `content-type` and `x-amz-*`, or `*`.", value: scalars[string]{&r.Headers, func(s *string) value { return headerName(s, true) }}},
		{name: "expose", meaning: "Headers of answers that pages may read, such as `ETag`.", value: scalars[string]{&r.Expose, func(s *string) value { return headerName(s, false) }}},
		{name: "max_age", meaning: "How long a browser may remember the answer to a preflight.", value: duration(&r.MaxAge, "0s", 0, 24*time.Hour)},
	}
}

func upstreamKeys(u *Upstream) object {
	return object{
		{name: "name", required: true, meaning: "Names the upstream for routes, logs and metrics. Unique among upstreams.", value: name(&u.Name)},
		{name: "endpoint", required: true, meaning: "Base URL of the store: scheme, host and port.", value: endpoint(&u.Endpoint)},
		{name: "addressing", meaning: "How the store is told a bucket: in the `path`, or as a `virtual` host.", value: word(&u.Addressing, "path", AddressingPath, AddressingVirtual)},
		{name: "object_keys", meaning: "`exact` if the store keeps every object key as it is, as Amazon S3 does. `strict` refuses keys that a file system may change or fold together (`a//b`, `a/../b`, `a/.`, backslashes, control characters) and keys in the folders where stores keep files of their own (`.sgwtmp`, `.minio.sys`, `.rustfs.sys`, `.uploads`), so that what is authorised is what the store opens.", value: word(&u.ObjectKeys, "strict", ObjectKeysStrict, ObjectKeysExact)},
		{name: "acls", meaning: "What becomes of ACLs that let others in than the owners of object and bucket: canned ACLs but `private` and `bucket-owner-full-control`, grants, ACLs in a body. `refused`: they are refused with `AccessControlListNotSupported`, as by a bucket of Amazon S3 without ACLs. `forwarded`: who may set an ACL may set any, and the store lets in whom it names; no policy is asked about those.", value: word(&u.ACLs, "refused", ACLsRefused, ACLsForwarded)},
		{name: "operations", meaning: "Operations that the store has. `core` are those that S3-compatible stores have had for long; `all`, for Amazon S3 itself, are all that Sallyport maps; a list names single ones too, for example `[core, PutBucketCors]`. Any other is refused, because a store that does not know a sub-resource overlooks it and does another operation: see [Operations that a store has](operations.md#operations-that-a-store-has).", value: operations{&u.Operations}},
		{name: "copy_tags", meaning: "What a CopyObject that takes the tags of its source along needs beyond reading the source and writing the copy: see [operations.md](operations.md#tags-of-copies). `exact`: if the source has tags, which is read from the store, `s3:GetObjectTagging` on the source and `s3:PutObjectTagging` on the copy, as Amazon S3 demands. `checked`: both, even if the source has no tags. `unchecked`: nothing, and the store copies the tags although the caller may be allowed neither to read nor to write any; it is the default with `signing: identity`, and with `passthrough` without `credentials`, where nobody could read them.", value: word(&u.CopyTags, "exact", CopyTagsExact, CopyTagsChecked, CopyTagsUnchecked)},
		{name: "copy_annotations", meaning: "What a CopyObject that takes the annotations of its source along needs beyond reading the source and writing the copy, from a store that is said to have GetObjectAnnotation. `checked`: `s3:GetObjectAnnotation` on the source and `s3:PutObjectAnnotation` on the copy, even if the source has no annotations; `x-amz-object-annotation-directive: EXCLUDE` does without. `unchecked`: nothing.", value: word(&u.CopyAnnotations, "checked", CopyAnnotationsChecked, CopyAnnotationsUnchecked)},
		{name: "tag_lifetime", meaning: "How long the tags of an object are remembered that were read from the store because a policy decides by them (`s3:ExistingObjectTag`). `0s`: they are read for each request.", value: duration(&u.TagLifetime, "1s", 0, time.Minute)},
		{name: "region", meaning: "Region that requests to the store are signed for.", value: region(&u.Region, "us-east-1")},
		{name: "signing", meaning: "`resign`: requests are signed with the upstream's credentials. `passthrough`: the client's own signature goes on, for a store that has the same access keys and is reached by the same host name; requests leave as they came, so that what would need a rewrite is refused (a DeleteObjects of which some entries are denied, forms, `x-amz-*` parameters of the query). The credentials are then for what Sallyport itself asks the store. `identity`, for routes of `ext_authz` and `forward_auth` doors: requests are not signed, and tell who asks in the `x-sallyport-` headers; the store must be out of reach for everybody but the proxy, or the proxy must sign.", value: word(&u.Signing, "resign", SigningResign, SigningPassthrough, SigningIdentity)},
		{name: "payload_signing", meaning: "How much of a body the signature for the store covers. `auto`: as much as the client signed. `unsigned`: nothing, for stores that are short of processor time. `signed`: every byte, so that the store can verify all that it stores; bodies that the client did not hash are sent in signed chunks, and those of undeclared length are refused. See [Signing for the store](sigv4.md#signing-for-the-store).", value: word(&u.PayloadSigning, "auto", PayloadSigningAuto, PayloadSigningUnsigned, PayloadSigningSigned)},
		{name: "ca_file", meaning: "PEM file of the authorities that may sign the store's certificate, instead of the system's. For https only.", value: path(&u.CAFile, "ca.pem")},
		{name: "credentials", meaning: "Credentials for the store. Without them the AWS SDK's default chain is asked: environment, shared files, container and instance roles.", value: optional[Credentials]{&u.Credentials, credentialsKeys}},
		{name: "caller_credentials", meaning: "Other credentials for the requests of some callers, for a store that keeps its own accounts apart. Those of a user or role come before those of its account; callers that none is for, and what Sallyport itself asks the store, go with `credentials`.", value: sections[CallerCredentials]{&u.Callers, callerCredentialsKeys}},
		{name: "timeouts", meaning: "How long the store may take.", value: section[UpstreamTimeouts]{&u.Timeouts, upstreamTimeoutsKeys}},
		{name: "connections", meaning: "Connections to the store.", value: section[Connections]{&u.Connections, connectionsKeys}},
	}
}

func credentialsKeys(c *Credentials) object {
	return object{
		{name: "access_key_id", required: true, meaning: "The access key id.", value: text(&c.AccessKeyID, "text", `"${STORE_ACCESS_KEY_ID}"`)},
		{name: "secret_access_key", required: true, meaning: "The secret access key; name a variable rather than writing it here.", value: hidden(&c.SecretAccessKey, `"${STORE_SECRET_ACCESS_KEY}"`)},
		{name: "session_token", meaning: "The session token of temporary credentials.", value: hidden(&c.SessionToken, `"${STORE_SESSION_TOKEN}"`)},
	}
}

func callerCredentialsKeys(c *CallerCredentials) object {
	return append(object{
		{name: "principal", required: true, meaning: "Whose requests: the ARN of a user or a role, whose sessions it is for as well, or an account.", value: principal(&c.Principal)},
	}, credentialsKeys(&c.Credentials)...)
}

func upstreamTimeoutsKeys(t *UpstreamTimeouts) object {
	return object{
		{name: "connect", meaning: "To connect, TLS included.", value: duration(&t.Connect, "5s", time.Millisecond, 10*time.Minute)},
		{name: "response_header", meaning: "From the last byte of a request to the header of the response.", value: duration(&t.ResponseHeader, "60s", time.Millisecond, time.Hour)},
		{name: "idle", meaning: "How long an unused connection is kept.", value: duration(&t.Idle, "90s", time.Millisecond, time.Hour)},
	}
}

func connectionsKeys(c *Connections) object {
	return object{
		{name: "max", meaning: "Most connections at a time; requests beyond wait. 0: no bound.", value: count(&c.Max, "0", 0, 1<<20)},
		{name: "max_idle", meaning: "Most unused connections that are kept.", value: count(&c.MaxIdle, "256", 1, 1<<20)},
	}
}

func bundleKeys(b *Bundle) object {
	return object{
		{name: "directory", required: true, meaning: "Directory of the bundle.", value: path(&b.Directory, "bundle")},
		{name: "quiet", meaning: "A plain directory is loaded when nothing in it has changed for this long.", value: duration(&b.Quiet, "250ms", time.Millisecond, time.Minute)},
		{name: "poll", meaning: "How often the directory is compared even if the system reports no change.", value: duration(&b.Poll, "5s", 100*time.Millisecond, time.Hour)},
	}
}

func keysKeys(k *Keys) object {
	return object{
		{name: "files", meaning: "Key files, as `sallyport keys create` makes them; mode 0600.", value: scalars[string]{&k.Files, func(s *string) value { return path(s, "keys.yaml") }}},
		{name: "principals", meaning: "Keeps only the keys and MFA devices of these: ARNs of users, or accounts. For a process that serves few, such as a sidecar: it holds no secret of others. It is no permission: temporary credentials of others are opened all the same. Without it all keys are kept.", value: scalars[string]{&k.Principals, principal}},
	}
}

func sessionsKeys(s *Sessions) object {
	return object{
		{name: "keys", meaning: "File of the session keys, as `sallyport sessions keygen` makes it; mode 0600. It is read again when it changes. With the private key of an issuer STS issues credentials; without, they are only verified. Without the file there are no session tokens, and bearer tokens and certificates are used by themselves.", value: path(&s.Keys, "sessions.yaml")},
		{name: "cache", meaning: "Memory for session and bearer tokens that were verified. At least 1MiB; 0 remembers none.", value: size(&s.Cache, "16MiB", 0, 1<<40)},
	}
}

func adminKeys(a *Admin) object {
	return object{
		{name: "listen", meaning: "Address and port to listen on.", value: address(&a.Listen, "127.0.0.1:9901")},
	}
}

func logKeys(l *Log) object {
	return object{
		{name: "level", meaning: "The least level that is logged.", value: word(&l.Level, "info", "debug", "info", "warn", "error")},
	}
}

func auditKeys(a *Audit) object {
	return object{
		{name: "output", meaning: "`stdout`, `stderr`, `none`, or a file to append to, which is made with mode 0600. A file of one of these names is written `./stdout`.", value: auditOutput(&a.Output)},
		{name: "when_full", meaning: "What happens while records cannot be written as fast as they come and 8192 of them, or 16 MiB, wait. `drop`: records are lost, and counted in `sallyport_audit_dropped_total`. `refuse`: requests are answered 503 `SlowDown` before anything is done for them.", value: word(&a.WhenFull, "drop", AuditDrop, AuditRefuse)},
	}
}

func cacheKeys(c *Cache) object {
	return object{
		{name: "decisions", meaning: "Memory for decisions whose policies take longer to evaluate than to look up: those with conditions in many policies at once, or with many patterns. At least 1MiB; 0 remembers none.", value: size(&c.Decisions, "64MiB", 0, 1<<40)},
	}
}

func limitsKeys(l *Limits) object {
	return object{
		{name: "header_bytes", meaning: "Request line and header together.", value: size(&l.HeaderBytes, "64KiB", 8<<10, 1<<20)},
		{name: "object_bytes", meaning: "Body of a single request that streams; Amazon S3 takes 5 GiB.", value: size(&l.ObjectBytes, "5GiB", 1, 1<<50)},
		{name: "decided_body_budget", meaning: "Memory for bodies that must be read before a decision (multi-delete, tagging), over all requests. It is taken as bytes arrive; anonymous requests get at most an eighth of it, and requests of STS, before it is known who sends them, another. When it is spent, clients are told to slow down.", value: size(&l.DecidedBodyBudget, "64MiB", 8<<20, 1<<40)},
		{name: "connections", meaning: "Most client connections at a time on each door; more wait to be accepted. 0: no bound.", value: count(&l.Connections, "0", 0, 1<<24)},
		{name: "failed_authentications", meaning: "How often the authentication of a client's address may fail: see [Failed authentications](operations.md#failed-authentications).", value: section[FailedAuthentications]{&l.FailedAuthentications, failedAuthenticationsKeys}},
	}
}

func failedAuthenticationsKeys(f *FailedAuthentications) object {
	return object{
		{name: "rate", meaning: "Failures a second that an address (of IPv6, the first 64 bits of it) is granted for ever. Who has spent them is told to slow down. 0: nobody is limited.", value: count(&f.Rate, "20", 0, 10_000)},
		{name: "burst", meaning: "Failures that an address is granted at once.", value: count(&f.Burst, "1000", 1, 1_000_000)},
		{name: "anonymous", meaning: "`true` counts requests without credentials that policies deny as failures, too, and refuses all requests without credentials of an address that has spent its failures.", value: flag{&f.Anonymous}},
	}
}

func timeoutsKeys(t *Timeouts) object {
	return object{
		{name: "header", meaning: "For a client to send the header of a request.", value: duration(&t.Header, "10s", 100*time.Millisecond, time.Hour)},
		{name: "idle", meaning: "For a client's connection between requests.", value: duration(&t.Idle, "120s", 100*time.Millisecond, 24*time.Hour)},
		{name: "body_progress", meaning: "For a client to send more of a body. A slow upload lives, a stalled one ends.", value: duration(&t.BodyProgress, "30s", 100*time.Millisecond, time.Hour)},
		{name: "write_progress", meaning: "For a client to take more of a response.", value: duration(&t.WriteProgress, "30s", 100*time.Millisecond, time.Hour)},
		{name: "drain_delay", meaning: "From SIGTERM, when readiness ends, until the doors stop to accept: time for load balancers to notice.", value: duration(&t.DrainDelay, "5s", 0, time.Hour)},
		{name: "drain", meaning: "For requests under way to end after the doors stopped to accept; then they are cut.", value: duration(&t.Drain, "30s", 0, 24*time.Hour)},
	}
}
