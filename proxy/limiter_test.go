package proxy_test

import (
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// flooded is a bench whose peers are granted one failure a second, and three at once.
type flooded struct {
	*bench
	now time.Time
}

func newFlooded(t *testing.T, anonymous bool) *flooded {
	f := &flooded{newBench(t), clock}
	f.enforcer.Now = func() time.Time { return f.now }
	f.enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 3, Anonymous: anonymous, Now: f.enforcer.Now})
	return f
}

// from is a request from another address.
func from(address string, req *wire.Request) *wire.Request {
	req.Peer = netip.AddrPortFrom(netip.MustParseAddr(address), 1234)
	return req
}

// code asks for an object, signed by user, or by nobody if that is empty.
func (f *flooded) code(address, user, target string) string {
	f.t.Helper()
	return codeOf(f.serve(from(address, request(f.t, user, "GET", "localhost", target, ""))))
}

func codeOf(r reply) string {
	if r.status == 200 {
		return ""
	}
	_, code, _ := strings.Cut(r.body, "<Code>")
	code, _, _ = strings.Cut(code, "</Code>")
	return code
}

// spend has an address fail until it is limited.
func (f *flooded) spend(address string) {
	f.t.Helper()
	for i := range 4 {
		got := f.code(address, "nobody", "/reports/a")
		if limited := got == "SlowDown"; got == "" || limited != (i == 3) {
			f.t.Fatalf("failure %d from %s: %s", i, address, got)
		}
	}
}

const attacker, other = "198.51.100.1", "198.51.100.2"

// TestLimiter: who floods is told to slow down, for as long as the flood lasts, and
// nobody else is.
func TestLimiter(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	f.spend(attacker)
	got := f.serve(from(attacker, request(t, "nobody", "PUT", "localhost", "/reports/a", "never read")))
	if got.status != 503 || codeOf(got) != "SlowDown" || got.fields.Get("connection") != "" || got.fields.Get("retry-after") == "" {
		t.Errorf("limited: %+v", got)
	}
	if got := f.code(other, "nobody", "/reports/a"); got != "InvalidAccessKeyId" {
		t.Errorf("another peer: %s", got)
	}
	if n := f.enforcer.Limiter.Limited(f.now); n != 1 {
		t.Errorf("%d peers are limited", n)
	}
	// A second forgives one failure, and what is refused adds none.
	f.now = f.now.Add(time.Second)
	if got := f.code(attacker, "nobody", "/reports/a"); got != "InvalidAccessKeyId" {
		t.Errorf("after a second: %s", got)
	}
	if got := f.code(attacker, "nobody", "/reports/a"); got != "SlowDown" {
		t.Errorf("after a second, again: %s", got)
	}
	f.now = f.now.Add(3 * time.Second)
	f.spend(attacker)
	if decisions := f.decisions(); decisions["refused limited"] != 4 {
		t.Errorf("counted %v", decisions)
	}
}

// TestLimiterSparesTheKnown: a good client behind the address of a bad one.
func TestLimiterSparesTheKnown(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	for _, target := range []string{"/reports/a", "/nobodys/a"} { // who is denied is known, too
		if got := f.code(attacker, "alice", target); got == "SlowDown" {
			t.Fatal(got)
		}
	}
	if got := f.code(attacker, "", "/reports/open/a"); got != "" {
		t.Fatal(got)
	}
	f.spend(attacker)
	for _, tt := range []struct{ user, target, want string }{
		{"alice", "/reports/a", ""},
		{"alice", "/nobodys/a", "AccessDenied"},
		{"", "/reports/open/a", ""},
		{"bob", "/reports/public/a", "SlowDown"}, // new here
	} {
		if got := f.code(attacker, tt.user, tt.target); got != tt.want {
			t.Errorf("%s %s: %s, not %s", tt.user, tt.target, got, tt.want)
		}
	}
	if got := f.code(other, "bob", "/reports/public/a"); got != "" {
		t.Errorf("from elsewhere: %s", got)
	}
	// One who is new gets in as soon as a failure is forgiven, which costs nothing.
	f.now = f.now.Add(time.Second)
	for range 5 {
		if got := f.code(attacker, "bob", "/reports/public/a"); got != "" {
			t.Errorf("once a failure is forgiven: %s", got)
		}
	}
	// What has not been shown for long is not known any more.
	f.now = f.now.Add(2 * time.Hour)
	f.spend(attacker)
	if got := f.code(attacker, "alice", "/reports/a"); got != "SlowDown" {
		t.Errorf("after two hours: %s", got)
	}
}

// TestLimiterCounts: what is a failed authentication, and what is none.
func TestLimiterCounts(t *testing.T) {
	t.Parallel()
	signed := func(user, target string) *wire.Request { return request(t, user, "GET", "localhost", target, "") }
	field := func(name, value string) *wire.Request {
		return request(t, "", "GET", "localhost", "/reports/a", "", wire.Field{Name: name, Value: value})
	}
	tests := []struct {
		name      string
		anonymous bool
		failed    bool
		make      func() *wire.Request
	}{
		{"an unknown key", false, true, func() *wire.Request { return signed("nobody", "/reports/a") }},
		{"a bad signature", false, true, func() *wire.Request {
			r := signed("alice", "/reports/a")
			r.Path = "/reports/b"
			return r
		}},
		{"a malformed Authorization", false, true, func() *wire.Request { return field("authorization", "AWS4-HMAC-SHA256 Credential=") }},
		{"a bad token", false, true, func() *wire.Request { return field("authorization", "Bearer none") }},
		{"a malformed request", false, true, func() *wire.Request { return request(t, "", "PATCH", "localhost", "/reports/a", "") }},
		{"an unknown host", false, true, func() *wire.Request { return request(t, "alice", "GET", "elsewhere", "/reports/a", "") }},
		{"a denial", false, false, func() *wire.Request { return signed("bob", "/reports/a") }},
		{"what is not implemented", false, false, func() *wire.Request { return signed("bob", "/reports?everything") }},
		{"an anonymous denial", false, false, func() *wire.Request { return signed("", "/reports/a") }},
		{"an anonymous denial that counts", true, true, func() *wire.Request { return signed("", "/reports/a") }},
		{"an anonymous success", true, false, func() *wire.Request { return signed("", "/reports/open/a") }},
		{"a preflight", false, false, func() *wire.Request {
			return request(t, "", "OPTIONS", "localhost", "/reports/a", "", wire.Field{Name: "origin", Value: "https://a.example"}, wire.Field{Name: "access-control-request-method", Value: "GET"})
		}},
	}
	for i, tt := range tests {
		f := newFlooded(t, tt.anonymous)
		for range 3 {
			if got := codeOf(f.serve(from(attacker, tt.make()))); got == "SlowDown" {
				t.Errorf("%s: limited at once", tt.name)
			}
		}
		if got := f.enforcer.Limiter.Limited(f.now) == 1; got != tt.failed {
			t.Errorf("%d %s: failed is %v", i, tt.name, got)
		}
	}
	// Nor is a peer limited that nobody knows.
	f := newFlooded(t, false)
	for range 9 {
		r := signed("nobody", "/reports/a")
		r.Peer = netip.AddrPort{}
		if got := codeOf(f.serve(r)); got != "InvalidAccessKeyId" {
			t.Errorf("without an address: %s", got)
		}
	}
}

// TestLimiterMalformed: what the door cannot read counts, and is limited.
func TestLimiterMalformed(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	peer := netip.AddrPortFrom(netip.MustParseAddr(attacker), 1)
	for i := range 5 {
		resp := f.enforcer.RefuseMalformed(f.door, "GET", peer, "ID", &wire.Refusal{Status: 400, Code: "InvalidURI"})
		text, _ := io.ReadAll(resp.Body)
		if limited := strings.Contains(string(text), "<Code>SlowDown</Code>"); limited != (i >= 3) {
			t.Errorf("%d: %s", i, text)
		}
	}
	if got := f.code(attacker, "nobody", "/reports/a"); got != "SlowDown" {
		t.Errorf("after them: %s", got)
	}
	// What is set up wrongly before the door is not the client's failure.
	for range 5 {
		f.enforcer.RefuseMalformed(f.door, "GET", netip.AddrPortFrom(netip.MustParseAddr(other), 1), "ID", &wire.Refusal{Status: 403, Code: "AccessDenied"})
	}
	if got := f.code(other, "nobody", "/reports/a"); got != "InvalidAccessKeyId" {
		t.Errorf("behind a misplaced filter: %s", got)
	}
}

// TestLimiterPeers: an IPv4 address, or an IPv6 network.
func TestLimiterPeers(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	f.spend("2001:db8:0:1::1")
	f.spend("192.0.2.1")
	for address, limited := range map[string]bool{
		"2001:db8:0:1:ffff::2": true, "2001:db8:0:2::1": false, "::ffff:192.0.2.1": true, "192.0.2.2": false, "2001:db8:0:1::1%eth0": true,
	} {
		if got := f.code(address, "nobody", "/reports/a") == "SlowDown"; got != limited {
			t.Errorf("%s: limited is %v", address, got)
		}
	}
}

// TestLimiterQuery: STS is told in its own words, and so is a token's holder.
func TestLimiterQuery(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	f.enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 3, Now: f.clock})
	good := f.token("build-1")
	if got := f.readBearer(good, "a"); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	for i := range 4 {
		got := f.readBearer("none", "a")
		if limited := codeOf(got) == "SlowDown"; limited != (i == 3) {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if got := f.readBearer(good, "a"); got.status != 200 {
		t.Errorf("a token that has held: %+v", got)
	}
	request, _ := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "s", "WebIdentityToken", f.token("build-2"))
	if got := f.serve(request); got.status != 400 || codeOf(got) != "Throttling" {
		t.Errorf("STS: %+v", got)
	}
}

// TestLimiterRecords: a flood fills neither the audit queue nor the log.
func TestLimiterRecords(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	f.spend(attacker)
	for range 100 {
		f.code(attacker, "nobody", "/reports/a")
	}
	f.enforcer.RefuseMalformed(f.door, "GET", netip.AddrPortFrom(netip.MustParseAddr(attacker), 1), "ID", &wire.Refusal{Status: 400, Code: "InvalidURI"})
	f.now = f.now.Add(1500 * time.Millisecond)
	f.code(attacker, "nobody", "/reports/a") // one is forgiven
	f.code(attacker, "nobody", "/reports/a")
	var slow []map[string]any
	lines := strings.Split(strings.TrimSpace(f.recorded()), "\n")
	for _, line := range lines {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r["errorCode"] == "SlowDown" {
			slow = append(slow, r)
		}
	}
	if len(lines) != 6 || len(slow) != 2 || slow[0]["unrecorded"] != nil || slow[1]["unrecorded"] != 101.0 || slow[1]["sourceIPAddress"] != attacker {
		t.Errorf("%d records, limited %v", len(lines), slow)
	}
	// Nor does it take the places of records that must be written.
	f.enforcer.Audit = audit.New(audit.Options{Output: io.Discard, WhenFull: audit.Refuse, MaxRecords: 1})
	for range 10 {
		f.code(attacker, "nobody", "/reports/a")
	}
	if lost := f.enforcer.Audit.Dropped(); lost > 1 {
		t.Errorf("lost %d", lost)
	}
}

// TestLimiterChurn: other addresses, however many, do not forgive a debt, and the
// table does not grow.
func TestLimiterChurn(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	const burst = 100
	f.enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: burst, Now: f.enforcer.Now})
	refused := &wire.Refusal{Status: 400, Code: "InvalidURI"}
	for range burst {
		f.enforcer.LearnMalformed(netip.MustParseAddr(attacker), refused)
	}
	for i := range 1 << 18 {
		peer := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		f.enforcer.LearnMalformed(peer, refused)
	}
	if got := f.code(attacker, "nobody", "/reports/a"); got != "SlowDown" {
		t.Errorf("after the churn: %s", got)
	}
}

// TestLimiterClock: a clock that steps back, or far ahead, limits nobody for long.
func TestLimiterClock(t *testing.T) {
	t.Parallel()
	f := newFlooded(t, false)
	for _, step := range []time.Duration{-time.Hour, 20 * 365 * 24 * time.Hour, -30 * 365 * 24 * time.Hour, 1<<40*100*time.Microsecond - time.Second} {
		f.spend(attacker)
		f.now = f.now.Add(step)
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := proxy.NewLimiter(proxy.LimiterOptions{Rate: 20, Burst: 1000, Now: func() time.Time { return clock }})
	e := &proxy.Enforcer{Options: proxy.Options{Limiter: l}}
	check := proxy.SignedCheck("203.0.113.7:1234", "AKIAIOSFODNN7EXAMPLE", clock)
	b.Run("without failures", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.LimitAndLearn(check)
		}
	})
	e.Limiter = nil
	b.Run("off", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.LimitAndLearn(check)
		}
	})
}
