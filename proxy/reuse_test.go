package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// told is what the record and the answer of a request tell.
type told struct {
	RequestID string `json:"requestID"`
	SourceIP  string `json:"sourceIPAddress"`
	UserAgent string `json:"userAgent"`
	Path      string `json:"path"`
	Operation string `json:"eventName"`
	ErrorCode string `json:"errorCode"`
	Cause     string `json:"cause"`
	Message   string `json:"errorMessage"`
	Identity  struct {
		ARN string `json:"arn"`
		Key string `json:"accessKeyId"`
	} `json:"userIdentity"`
	Accesses []struct {
		Action, Resource, Decision string
	} `json:"accesses"`
}

// mixed is a kind of request: who sends what, and what becomes of it. %s stands for
// what no other request has.
type mixed struct {
	user, method, target, body string
	// code is that of the refusal; empty if there is none.
	code string
	// change is what is done to the signed request.
	change func(*wire.Request)
	// cancelled tells that the client has gone, panics that deciding it panics.
	cancelled, panics bool
}

var mixedRequests = []mixed{
	{user: "alice", method: "GET", target: "/reports/%s"},
	{user: "alice", method: "GET", target: "/reports/%s?versionId=v%s"},
	{user: "alice", method: "PUT", target: "/reports/%s", body: "body of %s"},
	{user: "alice", method: "PUT", target: "/reports/%s?tagging", body: "<Tagging><TagSet><Tag><Key>k</Key><Value>%s</Value></Tag></TagSet></Tagging>"},
	{user: "alice", method: "GET", target: "/reports/secret/%s", code: "AccessDenied"},
	{user: "bob", method: "GET", target: "/reports/public/%s"},
	{user: "bob", method: "GET", target: "/reports/%s", code: "AccessDenied"},
	{user: "bob", method: "POST", target: "/reports?delete", body: "<Delete><Object><Key>a/%s</Key></Object><Object><Key>b/%s</Key></Object></Delete>"},
	{user: "carol", method: "GET", target: "/other-%s/a"},
	{user: "carol", method: "GET", target: "/reports/%s", code: "AccessDenied"},
	{user: "dave", method: "GET", target: "/reports/%s"},
	{user: "dave", method: "DELETE", target: "/reports/%s", code: "AccessDenied"},
	{user: "gina", method: "GET", target: "/nobodys-%s/a", code: "AccessDenied"},
	{user: "", method: "GET", target: "/reports/open/%s"},
	{user: "", method: "GET", target: "/reports/%s", code: "AccessDenied"},
	{user: "", method: "PUT", target: "/reports/inbox/%s", body: "a gift of %s"},
	{user: "alice", method: "GET", target: "/reports/%s?acl&tagging", code: "InvalidArgument"},
	{user: "alice", method: "GET", target: "/reports/%s", code: "SignatureDoesNotMatch", change: func(r *wire.Request) { r.Path += "-changed" }},
	{user: "alice", method: "GET", target: "/reports/%s", code: "AccessDenied", change: func(r *wire.Request) { r.Host = "elsewhere" }},
	{user: "alice", method: "PUT", target: "/reports/%s", body: "body of %s", code: "XAmzContentSHA256Mismatch", change: func(r *wire.Request) {
		r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", int(r.BodySize))))
	}},
	{user: "alice", method: "PUT", target: "/reports/%s", body: "body of %s", code: "IncompleteBody", change: func(r *wire.Request) {
		r.Body = io.NopCloser(io.LimitReader(r.Body, 3))
	}},
	{user: "alice", method: "GET", target: "/reports/missing/%s", code: noSuchKey},
	{user: "bob", method: "GET", target: "/reports/public/missing/%s", code: "AccessDenied"}, // who may not list
	{user: "ida", method: "GET", target: "/reports/%s", code: "AccessDenied"},
	{user: "ida", method: "GET", target: "/reports/%s", change: func(r *wire.Request) { r.Fields.Set("referer", "https://pages.example.com/") }},
	{user: "alice", method: "GET", target: "/reports/%s", code: "ServiceUnavailable", cancelled: true},
	{user: "bob", method: "GET", target: "/reports/panic/%s", code: "ServiceUnavailable", panics: true},
}

// noSuchKey is the store's own answer, no refusal.
const noSuchKey = "NoSuchKey"

// TestRequestsDoNotMix serves requests of many identities, allowed, denied and broken,
// at once and in the memory of others: each answer, each record and what the store
// gets must be of the request's own. Built with the tag poison, whatever still refers
// to memory that was given back reads what nobody sends.
func TestRequestsDoNotMix(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stored := &sync.Map{} // user agents by path
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		stored.Store(r.URL.Path, r.UserAgent())
		if strings.Contains(r.URL.Path, "/missing/") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, "<Error><Code>NoSuchKey</Code><Resource>%s</Resource><RequestId>%s</RequestId></Error>", r.URL.Path, path.Base(r.URL.Path))
			return
		}
		if !strings.Contains(r.URL.RawQuery, "delete") {
			_, _ = fmt.Fprintf(w, "%s for %s", r.URL.Path, r.UserAgent())
		}
	}
	decide := b.enforcer.Decide
	b.enforcer.Decide = func(generation uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
		if strings.Contains(a.Resource, "/panic/") {
			panic("deciding " + a.Resource)
		}
		return decide(generation, c, r, a)
	}
	const workers, each = 8, 120
	type sent struct {
		mixed
		raw, agent, peer string
	}
	requests := make(map[string]*sent, workers*each)
	var all sync.WaitGroup
	for w := range workers {
		mine := make([]*wire.Request, each)
		known := make([]*sent, each)
		random := rand.New(rand.NewPCG(7, uint64(w)))
		for i := range each {
			m := mixedRequests[random.IntN(len(mixedRequests))]
			own := fmt.Sprintf("own-%d-%d", w, i)
			fill := func(s string) string { return strings.ReplaceAll(s, "%s", own) }
			req := request(t, m.user, m.method, "localhost", fill(m.target), fill(m.body))
			req.Fields.Set("user-agent", "agent of "+own)
			req.Peer = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(w), byte(i >> 8), byte(i)}), 1)
			if m.change != nil {
				m.change(req)
			}
			mine[i], known[i] = req, &sent{mixed: m, raw: req.Path, agent: "agent of " + own, peer: req.Peer.Addr().String()}
			requests[own] = known[i]
		}
		all.Go(func() {
			for i, req := range mine {
				s := known[i]
				ctx, cancel := context.WithCancel(context.Background())
				if s.cancelled {
					cancel()
				}
				id := fmt.Sprintf("own-%d-%d", w, i)
				resp := b.enforcer.Serve(ctx, b.door, req, id)
				var text []byte
				if resp.Body != nil {
					text, _ = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}
				cancel()
				answer := string(text)
				switch got := resp.Fields.Get("x-sallyport-request-id"); {
				case got != id:
					t.Errorf("%s: the answer has the id %s", id, got)
				case s.code != "" && (!strings.Contains(answer, "<Code>"+s.code+"</Code>") || !strings.Contains(answer, "<RequestId>"+id+"</RequestId>") || !strings.Contains(answer, "<Resource>"+s.raw+"</Resource>")):
					t.Errorf("%s: want %s of its own, got %d %s", id, s.code, resp.Status, answer)
				case s.code == "" && s.method == "GET" && answer != s.raw+" for "+s.agent:
					t.Errorf("%s: got %d %s", id, resp.Status, answer)
				case s.code == "AccessDenied" && s.user != "" && strings.Contains(answer, "user/") && !strings.Contains(answer, "user/"+s.user+" "):
					t.Errorf("%s: denied is another than %s: %s", id, s.user, answer)
				case strings.Contains(answer, "poisoned"):
					t.Errorf("%s: the answer has what was given back: %s", id, answer)
				}
			}
		})
	}
	all.Wait()
	recorded := strings.Split(strings.TrimSpace(b.recorded()), "\n")
	if len(recorded) != len(requests) {
		t.Errorf("%d records of %d requests", len(recorded), len(requests))
	}
	for _, line := range recorded {
		var got told
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err, line)
		}
		s := requests[got.RequestID]
		if s == nil {
			t.Errorf("a record of nobody: %s", line)
			continue
		}
		identity, key := "arn:aws:iam::111122223333:user/"+s.user, keyOf(s.user)
		if s.user == "carol" {
			identity = "arn:aws:iam::444455556666:user/carol"
		}
		if s.user == "" {
			identity, key = "anonymous", ""
		}
		if got.Identity.ARN == "" && s.code != "" { // refused before anybody was known
			identity, key = "", ""
		}
		code := s.code
		if code == noSuchKey {
			code = ""
		}
		if got.Identity.ARN != identity || got.Identity.Key != key || got.Path != s.raw || got.UserAgent != s.agent || got.SourceIP != s.peer || got.ErrorCode != code {
			t.Errorf("%s of %s: recorded is %s", s.raw, s.user, line)
		}
		for _, a := range got.Accesses {
			if !strings.Contains(a.Resource, got.RequestID) && !s.panics {
				t.Errorf("%s: an access is not its own: %s", got.RequestID, line)
			}
			if s.code == "AccessDenied" && a.Decision == "allow" && !strings.Contains(s.raw, "/missing/") {
				t.Errorf("%s: decided is %s", got.RequestID, line)
			}
		}
		if agent, ok := stored.Load(s.raw); ok && agent != s.agent && !strings.HasSuffix(s.target, "?delete") {
			t.Errorf("%s: the store got it from %v", s.raw, agent)
		}
	}
}
