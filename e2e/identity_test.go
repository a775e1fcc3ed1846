//go:build unix

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestForwardAuthKeepsIdentity: whatever a client names in Connection, which some
// proxies take out of what they forward, and whatever it writes in names that a
// server may take for others, the store is told who asks, and nothing else.
func TestForwardAuthKeepsIdentity(t *testing.T) {
	t.Parallel()
	for name := range askers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var seen []http.Header
			store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, r.Header)
			}))
			t.Cleanup(store.Close)
			a := startAsker(t, name, standIn(store.URL), "object_keys: exact", "signing: identity")
			for _, fields := range [][]string{
				{"Connection: close, TE"},
				{"Connection: x-sallyport-principal, x-sallyport-account"},
				{"Connection: close", "Connection: X-Sallyport-Principal"},
				{"Connection: x-original-connection, X-Sallyport-Principal"},
				{"Connection: x-amz-acl", "X-Amz-Acl: public-read"},
				{"Connection: x-original-content-length, x-forwarded-uri"},
				{"X_Sallyport_Principal: root", "X.Sallyport.Account: 1", "X-Sallyport_Account: 2"},
			} {
				mu.Lock()
				seen = nil
				mu.Unlock()
				response, body := exchange(t, a.endpoint, a.at(admin).signed(t, "GET", "/bucket/key", emptyHash).with(fields...).String())
				mu.Lock()
				if len(seen) == 0 && (response.StatusCode/100 != 4 || fields[0] == "Connection: close, TE") {
					t.Errorf("%q: %d %s", fields, response.StatusCode, body)
				}
				for _, header := range seen {
					if header.Get("X-Sallyport-Principal") == "" || header.Get("X-Sallyport-Account") == "" || header.Get("X-Amz-Acl") != "" {
						t.Errorf("%q: the store got %v", fields, header)
					}
					for name := range header {
						if strings.ContainsAny(name, "_.") {
							t.Errorf("%q: the store got %v", fields, header)
						}
					}
				}
				mu.Unlock()
			}
		})
	}
}
