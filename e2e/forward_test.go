//go:build unix

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestForwardedBytes: what the store is asked for is byte for byte what was
// signed and decided, and what identifies the client there is Sallyport alone.
func TestForwardedBytes(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	var mu sync.Mutex
	var asked []*http.Request
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r)
	}))
	t.Cleanup(store.Close)
	door := serve(t, "sallyport.yaml", standIn(store.URL))
	p := door.at(admin)
	for _, target := range []string{
		"/bucket/plain",
		"/bucket/a%20b%2Bc",
		"/bucket/%c3%a9", // lower-case escapes
		"/bucket/%7Etilde~",
		"/bucket/raw@:!'()*,;=&$",
		"/bucket/a+b", // a plus is a plus in a path
		"/bucket/%E2%9C%93/",
		"/bucket/100%25",
		"/bucket/key?response-content-type=text%2fplain&x-id=GetObject",
		"/bucket/key?versionId=null&partNumber=1",
		"/bucket?list-type=2&prefix=a%20b%2F&delimiter=%2F",
		"/bucket?prefix=z&list-type=2", // not sorted
		"/bucket?versioning",
		"/bucket?versioning=",
		"/bucket/?location",
		"/bucket/key?tagging",
		"/",
	} {
		m := p.signed(t, "GET", target, emptyHash).with("X-Forwarded-User: root", "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Authorization: Basic eA==")
		response, body := exchange(t, door.Endpoint, m.String())
		mu.Lock()
		requests := asked
		asked = nil
		mu.Unlock()
		if len(requests) == 0 {
			t.Errorf("%s was not forwarded: %d %s", target, response.StatusCode, body)
			continue
		}
		got := requests[0]
		if got.RequestURI != target {
			t.Errorf("%s was forwarded as %s", target, got.RequestURI)
		}
		for name, values := range got.Header {
			if strings.Contains(strings.Join(values, "\n"), p.key.AccessKeyID) {
				t.Errorf("%s: the store was shown the client's key in %s", target, name)
			}
		}
		for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Authorization"} {
			if got.Header.Get(name) != "" {
				t.Errorf("%s: %s of the client's connection was forwarded", target, name)
			}
		}
		if got.Host != strings.TrimPrefix(store.URL, "http://") {
			t.Errorf("%s: the store was asked as %s", target, got.Host)
		}
	}
}
