package forwardauth

import "github.com/sallyport-iam/sallyport/proxy"

// Dialect is how a proxy asks, named after who speaks it. It is configured and
// never guessed: what tells one from the other are headers that clients can send.
type Dialect string

// The dialects.
const (
	Envoy   Dialect = "envoy"
	Nginx   Dialect = "nginx"
	Traefik Dialect = "traefik"
	Caddy   Dialect = "caddy"
)

// dialect is in which headers of a question (names in lower case) the client's
// request is described, and what the proxy can be told to forward. The proxy must
// set each of the headers in every question, to whatever a client sends of that
// name: each is required, so that a proxy which sets none of them lets no client
// pass, and whoever set it up notices.
type dialect struct {
	// method, target and host are empty where the question itself has them.
	method, target, host string
	// scheme is "http" or "https". address is the client's, or several, each of
	// which the next one told.
	scheme, address string
	// length is the Content-Length of the client's request: empty or "-" if it had
	// none, and "chunked" if it is known to have a body nevertheless. Where no header
	// tells it, it is that of the body that comes along, or 0 where the client signs
	// that.
	length string
	// connection is the Connection header of the client's request, empty if it had
	// none: the proxy takes the fields that it names out of the question and, after
	// it has put there what it was told, out of what it forwards. It is empty where
	// the proxy takes them out at once, or never.
	connection string
	// sendsBodies tells that bodies may come along.
	sendsBodies bool
	// merges tells that repeated headers come joined, and bytes outside UTF-8
	// replaced.
	merges bool
	// places are the headers that the proxy copies from the answer into the
	// request, and removes from it where the answer does not have them, by the
	// names that they have in the answer. It is nil where the proxy can be told to
	// set and remove any.
	places map[string]string
	// setsTarget tells that the proxy can be told target and host.
	setsTarget bool
	deny       denial
}

// denial is how a dialect passes on what a client is told.
type denial uint8

const (
	// denyPlainly: as it is.
	denyPlainly denial = iota
	// denyBelow500: as it is, but for a status of 500 and above, which would be
	// called a failure and could let the request pass.
	denyBelow500
	// denyInHeader: as a 403, whatever the status is, with status and body in
	// headers.
	denyInHeader
)

// The headers of an answer beyond those that are to be forwarded.
const (
	answerTarget   = proxy.IdentityPrefix + "target"
	answerHost     = proxy.IdentityPrefix + "host"
	answerEncoding = proxy.IdentityPrefix + "content-encoding"
	answerStatus   = proxy.IdentityPrefix + "status"
	answerBody     = proxy.IdentityPrefix + "body"
	answerRemove   = "x-envoy-auth-headers-to-remove"
)

var dialects = map[Dialect]*dialect{
	Envoy: {
		scheme: "x-original-proto", address: "x-original-address", length: "x-original-content-length",
		sendsBodies: true, merges: true, deny: denyBelow500,
	},
	Nginx: {
		method: "x-original-method", target: "x-original-uri", host: "x-original-host",
		scheme: "x-original-proto", address: "x-original-address", length: "x-original-content-length",
		places: placed(answerEncoding), setsTarget: true, deny: denyInHeader,
	},
	Caddy: {
		method: "x-forwarded-method", target: "x-forwarded-uri", host: "x-forwarded-host",
		scheme: "x-forwarded-proto", address: "x-forwarded-for", length: "x-original-content-length",
		connection: "x-original-connection",
		places:     placed(answerEncoding), deny: denyPlainly,
	},
	Traefik: {
		method: "x-forwarded-method", target: "x-forwarded-uri", host: "x-forwarded-host",
		scheme: "x-forwarded-proto", address: "x-forwarded-for",
		sendsBodies: true,
		places:      placed("content-encoding"), deny: denyPlainly,
	},
}

// placed are the headers that proxies with a fixed list copy. encoding is the name
// that Content-Encoding has in the answer, which has no content: another one where
// the proxy can give it back its own, and might decode by it.
func placed(encoding string) map[string]string {
	all := map[string]string{}
	for _, name := range [...]string{
		"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-checksum-mode",
		"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner",
	} {
		all[name] = name
	}
	for _, name := range proxy.IdentityFields {
		all[name] = name
	}
	all["content-encoding"] = encoding
	return all
}

// describes tells whether a header is the proxy's own word.
func (d *dialect) describes(name string) bool {
	return name != "" && (name == d.method || name == d.target || name == d.host || name == d.scheme || name == d.address || name == d.length || name == d.connection)
}
