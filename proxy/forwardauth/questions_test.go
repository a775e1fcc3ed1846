package forwardauth_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
)

const (
	envoy   = forwardauth.Envoy
	nginx   = forwardauth.Nginx
	caddy   = forwardauth.Caddy
	traefik = forwardauth.Traefik
)

var everyone = []forwardauth.Dialect{envoy, nginx, caddy, traefik}

// TestQuestions asks what no rightly configured proxy would, and what clients
// would like one to; the reason is in the record.
func TestQuestions(t *testing.T) {
	t.Parallel()
	described := []forwardauth.Dialect{nginx, caddy, traefik}
	lengths := []forwardauth.Dialect{envoy, nginx, caddy}
	// header is the name that the proxies give what they tell.
	header := func(d forwardauth.Dialect, what string) string {
		if d == caddy || d == traefik {
			return "X-Forwarded-" + strings.Replace(what, "Address", "For", 1)
		}
		return "X-Original-" + what
	}
	told := func(what, value string) func(*question, forwardauth.Dialect) {
		return func(q *question, d forwardauth.Dialect) { q.set(header(d, what), header(d, what)+": "+value) }
	}
	again := func(what, value string) func(*question, forwardauth.Dialect) {
		return func(q *question, d forwardauth.Dialect) { q.fields = append(q.fields, header(d, what)+": "+value) }
	}
	untold := func(what string) func(*question, forwardauth.Dialect) {
		return func(q *question, d forwardauth.Dialect) { q.set(header(d, what), "") }
	}
	client := func(fields ...string) func(*question, forwardauth.Dialect) {
		return func(q *question, _ forwardauth.Dialect) { q.fields = append(q.fields, fields...) }
	}
	length := func(value string) func(*question, forwardauth.Dialect) {
		return func(q *question, _ forwardauth.Dialect) {
			q.set("X-Original-Content-Length", "X-Original-Content-Length: "+value)
		}
	}
	connection := func(value string) func(*question, forwardauth.Dialect) {
		return func(q *question, _ forwardauth.Dialect) {
			q.set("X-Original-Connection", "X-Original-Connection: "+value)
		}
	}
	line := func(line string) func(*question, forwardauth.Dialect) {
		return func(q *question, _ forwardauth.Dialect) { q.line = line }
	}
	tests := []struct {
		name   string
		by     []forwardauth.Dialect
		target string
		change func(*question, forwardauth.Dialect)
		status int
		reason string
	}{
		{"as it is", everyone, "/reports/a", client(), 200, ""},
		{"as HTTP/1.0", described, "/reports/a", line("GET /authorize HTTP/1.0"), 200, ""},
		{"what is denied", everyone, "/reports/secret/a", client(), 403, "explicit deny"},
		{"odd keys", everyone, "/reports/a//b/../c%2Fd/%E2%82%AC+", client(), 200, ""},

		{"another path", described, "/reports/a", line("GET /other HTTP/1.1"), 403, "another path than path_prefix"},
		{"a path below", described, "/reports/a", line("GET /authorize/reports/a HTTP/1.1"), 403, "another path than path_prefix"},
		{"a query, which Caddy adds", described, "/reports/a", line("GET /authorize?acl HTTP/1.1"), 200, ""},
		{"no path", []forwardauth.Dialect{envoy}, "/reports/a", line("GET /authorize HTTP/1.1"), 403, "another path than path_prefix"},
		{"a path beside", []forwardauth.Dialect{envoy}, "/reports/a", line("GET /authorizer/reports/a HTTP/1.1"), 403, "another path than path_prefix"},
		{"no prefix", []forwardauth.Dialect{envoy}, "/reports/a", line("GET /reports/a HTTP/1.1"), 403, "another path than path_prefix"},
		{"an asterisk", everyone, "/reports/a", line("OPTIONS * HTTP/1.1"), 403, "another path than path_prefix"},
		{"a question with the client's method", described, "/reports/a", line("HEAD /authorize HTTP/1.1"), 403, "method is not GET"},

		{"no method", described, "/reports/a", untold("Method"), 403, "the proxy must set it"},
		{"two methods", described, "/reports/a", again("Method", "GET"), 403, "more than once"},
		{"an empty method", described, "/reports/a", told("Method", ""), 403, "the proxy must set it"},
		{"an odd method", described, "/reports/a", told("Method", "GET /x HTTP/1.1"), 400, "method is not valid"},
		{"a method in small letters", described, "/reports/a", told("Method", "get"), 405, "not allowed against"},
		{"a long method", described, "/reports/a", told("Method", strings.Repeat("A", 33)), 400, "method is not valid"},
		{"another method", described, "/reports/a", told("Method", "DELETE"), 403, "SignatureDoesNotMatch"},
		{"CONNECT", described, "/reports/a", told("Method", "CONNECT"), 405, "not allowed against"},
		{"no target", described, "/reports/a", untold("URI"), 403, "the proxy must set it"},
		{"two targets", described, "/reports/a", again("URI", "/reports/open/a"), 403, "more than once"},
		{"another target", described, "/reports/a", told("URI", "/reports/b"), 403, "SignatureDoesNotMatch"},
		{"a whole URL", described, "/reports/a", told("URI", "http://localhost/reports/a"), 403, "does not begin with /"},
		{"a fragment", described, "/reports/a", told("URI", "/reports/a#b"), 400, "#"},
		{"bytes outside ASCII", described, "/reports/a", told("URI", "/reports/\xe9"), 400, "not printable ASCII"},
		{"a space", described, "/reports/a", told("URI", "/reports/a b"), 400, "not printable ASCII"},
		{"a semicolon", everyone, "/reports/a", func(q *question, d forwardauth.Dialect) {
			if q.line = strings.Replace(q.line, "/reports/a", "/reports/a?x;acl", 1); d != envoy {
				told("URI", "/reports/a?x;acl")(q, d)
			}
		}, 400, ";"},
		{"no host", described, "/reports/a", untold("Host"), 403, "the proxy must set it"},
		{"two hosts", described, "/reports/a", again("Host", "other"), 403, "more than once"},
		{"another host", described, "/reports/a", told("Host", "other"), 403, "SignatureDoesNotMatch"},
		{"a host that is none", described, "/reports/a", told("Host", "a/b"), 400, "Host header"},
		{"no scheme", everyone, "/reports/a", untold("Proto"), 403, "the proxy must set it"},
		{"two schemes", everyone, "/reports/a", again("Proto", "https"), 403, "more than once"},
		{"an odd scheme", everyone, "/reports/a", told("Proto", "ws"), 403, "neither http nor https"},
		{"https", everyone, "/reports/tls/a", told("Proto", "https"), 200, ""},
		{"http", everyone, "/reports/tls/a", client(), 403, "explicit deny"},

		{"no address", everyone, "/reports/a", untold("Address"), 403, "the proxy must set it"},
		{"two addresses", everyone, "/reports/a", again("Address", "10.0.0.1"), 403, "more than once"},
		{"an address that is none", everyone, "/reports/a", told("Address", "localhost"), 403, "no IP address"},
		{"an address of far", everyone, "/reports/near/a", told("Address", "203.0.113.1"), 403, "explicit deny"},
		{"an address of near", everyone, "/reports/near/a", told("Address", "10.0.0.1"), 200, ""},
		{"near, a trusted proxy told", everyone, "/reports/near/a", told("Address", "10.0.0.1, 192.0.2.9"), 200, ""},
		{"near, a client told", everyone, "/reports/near/a", told("Address", "10.0.0.1, 203.0.113.1, 192.0.2.9"), 403, "explicit deny"},
		{"near, after nonsense", everyone, "/reports/near/a", told("Address", "x, 192.0.2.9"), 403, "no IP address"},

		{"no connection", []forwardauth.Dialect{caddy}, "/reports/a", func(q *question, _ forwardauth.Dialect) { q.set("X-Original-Connection", "") }, 403, "the proxy must set it"},
		{"two connections", []forwardauth.Dialect{caddy}, "/reports/a", client("X-Original-Connection:"), 403, "more than once"},
		{"options of the connection", []forwardauth.Dialect{caddy}, "/reports/a", connection("close, Keep-Alive,TE"), 200, ""},
		{"what the connection names", []forwardauth.Dialect{caddy}, "/reports/a", connection("close,X-Sallyport-Principal"), 400, "names other headers"},
		{"a change of protocol", []forwardauth.Dialect{caddy}, "/reports/a", connection("Upgrade"), 501, "not implemented"},

		{"no length", lengths, "/reports/a", func(q *question, _ forwardauth.Dialect) { q.set("X-Original-Content-Length", "") }, 403, "the proxy must set it"},
		{"two lengths", lengths, "/reports/a", client("X-Original-Content-Length: 0"), 403, "more than once"},
		{"two that are empty", lengths, "/reports/a", client("X-Original-Content-Length:"), 403, ""},
		{"no body", lengths, "/reports/a", length("0"), 200, ""},
		{"a body on GET", lengths, "/reports/a", length("5"), 400, "unsupported content"},
		{"a body in chunks on GET", lengths, "/reports/a", length("chunked"), 400, "unsupported content"},
		{"a length with a sign", lengths, "/reports/a", length("+0"), 400, "Content-Length"},
		{"a length in other words", lengths, "/reports/a", length("00"), 400, "Content-Length"},
		{"a list of lengths", lengths, "/reports/a", length("0, 0"), 400, "Content-Length"},
		{"a negative length", lengths, "/reports/a", length("-1"), 400, "Content-Length"},
		{"an absurd length", lengths, "/reports/a", length("99999999999999999999"), 400, "Content-Length"},
		{"a body that came along", []forwardauth.Dialect{nginx, caddy}, "/reports/a", func(q *question, _ forwardauth.Dialect) {
			q.fields, q.body = append(q.fields, "Content-Length: 5"), "hello"
		}, 403, "must not send any along"},
		{"a body in chunks that came along", []forwardauth.Dialect{nginx, caddy}, "/reports/a", func(q *question, _ forwardauth.Dialect) {
			q.fields, q.body = append(q.fields, "Transfer-Encoding: chunked"), "5\r\nhello\r\n0\r\n\r\n"
		}, 403, "must not send any along"},

		{"a second authorization", everyone, "/reports/a", client("Authorization: AWS4-HMAC-SHA256 x"), 400, "Only one auth mechanism"},
		{"an identity", described, "/reports/a", client("X-Sallyport-Principal: root"), 400, "not supported"},
		{"an identity that CGI would take for one", described, "/reports/a", client("X_Sallyport_Principal: root"), 400, "not supported"},
		{"an identity with dots", described, "/reports/a", client("X.Sallyport.Principal: root"), 400, "not supported"},
		{"an identity at Envoy, which takes it out", []forwardauth.Dialect{envoy}, "/reports/a", client("X-Sallyport-Principal: root"), 200, ""},
		{"repeats that Envoy has merged", []forwardauth.Dialect{envoy}, "/reports/a", client("X-Amz-Acl: private,public-read"), 403, "may have been merged"},
		{"an upgrade", []forwardauth.Dialect{nginx, caddy, traefik}, "/reports/a", client("Upgrade: h2c"), 501, "not implemented"},
		{"a header that the client did not sign", everyone, "/reports/a", client("X-Amz-Region-Set: us-east-1"), 403, "which were not signed"},
		{"a header in the query", []forwardauth.Dialect{envoy, caddy, traefik}, "/reports/a?x-amz-checksum-mode=ENABLED", client(), 403, "another path or query"},
		{"a header in the query, which nginx can be told to move", []forwardauth.Dialect{nginx}, "/reports/a?x-amz-checksum-mode=ENABLED", client(), 200, ""},
	}
	for _, dialect := range everyone {
		w := open(t, dialect, nil)
		for _, tt := range tests {
			if !contains(tt.by, dialect) {
				continue
			}
			q := w.about(true, "GET", tt.target)
			tt.change(q, dialect)
			answer, body := w.ask(q)
			status := answer.StatusCode
			if told, err := strconv.Atoi(answer.Header.Get("X-Sallyport-Status")); err == nil {
				status = told
			}
			want := tt.status
			if dialect == envoy && want == http.StatusNotImplemented {
				want = http.StatusBadRequest
			}
			if status != want {
				t.Errorf("%s: %s: %d, want %d: %s", dialect, tt.name, status, want, body)
			}
			if record := w.record(answer.Header.Get("X-Sallyport-Request-Id")); !strings.Contains(record, tt.reason) {
				t.Errorf("%s: %s: recorded %s", dialect, tt.name, record)
			}
			if answer.StatusCode != http.StatusOK && answer.Header.Get("Authorization") != "" {
				t.Errorf("%s: %s: a denial is signed", dialect, tt.name)
			}
		}
	}
}

func contains(all []forwardauth.Dialect, one forwardauth.Dialect) bool {
	for _, d := range all {
		if d == one {
			return true
		}
	}
	return false
}

// TestBodies: a body decides where it came along whole, and nothing else is taken
// for one.
func TestBodies(t *testing.T) {
	t.Parallel()
	tagging := "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
	long := tagging + strings.Repeat(" ", maxBody)
	tests := []struct {
		name    string
		dialect forwardauth.Dialect
		target  string
		told    string // the length that is told
		body    string // what comes along
		status  int
	}{
		{"whole", envoy, "/reports/a?tagging", strconv.Itoa(len(tagging)), tagging, 200},
		{"none", envoy, "/reports/a?tagging", strconv.Itoa(len(tagging)), "", 403},
		{"half", envoy, "/reports/a?tagging", strconv.Itoa(len(tagging)), tagging[:9], 403},
		{"more", envoy, "/reports/a?tagging", strconv.Itoa(len(tagging) - 1), tagging, 400},
		{"of a length that nobody told", envoy, "/reports/a?tagging", "", tagging, 403},
		{"too long", envoy, "/reports/a?tagging", strconv.Itoa(len(long)), long, 403},
		{"said to be none", envoy, "/reports/a?tagging", "0", tagging, 400},
		{"of an object", envoy, "/reports/a", "5", "", 200},
		{"of an object of unknown length", envoy, "/reports/a", "", "", 411},
		{"of a bucket, none", envoy, "/reports", "0", "", 200},
		{"of a bucket, of unknown length", envoy, "/reports", "", "", 403},
		{"whole", traefik, "/reports/a?tagging", "", tagging, 200},
		{"none", traefik, "/reports/a?tagging", "", "", 403},
		{"too long", traefik, "/reports/a?tagging", "", long, 403},
		{"of an object", traefik, "/reports/a", "", "hello", 200},
		{"of an object that is empty or did not come", traefik, "/reports/a", "", "", 411},
		{"of a bucket that is empty or did not come", traefik, "/reports", "", "", 403},
		{"none", nginx, "/reports/a?tagging", "9", "", 403},
		{"of an object", nginx, "/reports/a", "5", "", 200},
		{"of an object of unknown length", nginx, "/reports/a", "-", "", 411},
		{"of a bucket, of unknown length", nginx, "/reports", "-", "", 403},
		{"of an object", caddy, "/reports/a", "5", "", 200},
	}
	doors := map[forwardauth.Dialect]*rig{}
	for _, dialect := range everyone {
		doors[dialect] = open(t, dialect, nil)
	}
	for _, tt := range tests {
		w := doors[tt.dialect]
		q := w.about(false, "PUT", tt.target)
		q.fields = append(q.fields, signUnsigned(t, tt.target)...)
		if tt.dialect != traefik {
			q.set("X-Original-Content-Length", "X-Original-Content-Length: "+tt.told)
		}
		if tt.body != "" {
			q.fields, q.body = append(q.fields, "Content-Length: "+strconv.Itoa(len(tt.body))), tt.body
		}
		answer, _ := w.ask(q)
		status := answer.StatusCode
		if told, err := strconv.Atoi(answer.Header.Get("X-Sallyport-Status")); err == nil {
			status = told
		}
		if status != tt.status {
			t.Errorf("%s: %s of %s: %d, want %d: %s", tt.dialect, tt.name, tt.target, status, tt.status, w.record(answer.Header.Get("X-Sallyport-Request-Id")))
		}
	}
}

// TestTrust: nobody but the proxies may ask, whatever they say of themselves.
func TestTrust(t *testing.T) {
	t.Parallel()
	for _, dialect := range everyone {
		w := open(t, dialect, func(o *forwardauth.Options, _ *proxy.Options) {
			o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		})
		q := w.about(true, "GET", "/reports/a")
		q.fields = append(q.fields, "Forwarded: for=10.0.0.1")
		answer, _ := w.ask(q)
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", dialect, answer.StatusCode)
		}
		if record := w.record(answer.Header.Get("X-Sallyport-Request-Id")); !strings.Contains(record, "none of trusted_proxies") || !strings.Contains(record, `"sourceIPAddress":"127.0.0.1"`) {
			t.Errorf("%s: recorded %s", dialect, record)
		}
	}
}
