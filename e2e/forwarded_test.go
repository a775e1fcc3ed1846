//go:build unix

package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestForwardAuthTellsTheStore: what the store gets of a request with forged
// headers, signed for it and not.
func TestForwardAuthTellsTheStore(t *testing.T) {
	t.Parallel()
	for name := range askers {
		for signing, keys := range map[string][]string{"resign": {"object_keys: exact"}, "identity": {"object_keys: exact", "signing: identity"}} {
			t.Run(name+"/"+signing, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				var seen []*http.Request
				store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, r)
				}))
				t.Cleanup(store.Close)
				a := startAsker(t, name, standIn(store.URL), keys...)
				signed := []string{"X-Amz-Meta-B: b"}
				forged := []string{"Connection: X-Sallyport-Principal, X-Sallyport-Account, Keep-Alive", "X-Forwarded-Host: evil", "X-Forwarded-Uri: /evil", "X-Original-Uri: /evil", "Date: Sun, 01 Mar 2026 12:00:00 GMT"}
				if a.file != "envoy.yaml" {
					signed = append(signed, "X-Amz-Meta-A: 1", "X-Amz-Meta-A: 2", "X-Amz-Meta-C: caf\xe9")
				} else {
					forged = append(forged, "X-Sallyport-Principal: root", "X-Sallyport-Principal: me", "X-Sallyport-Admin: yes")
				}
				target := "/bucket//a+b%2Fc/../%e2%82%AC/.?versionId=1&x-id=GetObject"
				if a.normalizes {
					target = strings.Replace(target, "%e2", "%E2", 1)
				}
				response, body := exchange(t, a.endpoint, a.at(admin).signed(t, "GET", target, emptyHash, signed...).with(forged...).String())
				if response.StatusCode != http.StatusOK || len(seen) != 1 {
					t.Fatalf("%d %s, seen %d", response.StatusCode, body, len(seen))
				}
				got := seen[0]
				if got.RequestURI != target || "http://"+got.Host != store.URL {
					t.Errorf("the store was asked for %s of %s", got.RequestURI, got.Host)
				}
				want := map[string]string{
					"X-Sallyport-Principal": `["arn:aws:iam::111122223333:user/admin"]`, "X-Sallyport-Account": `["111122223333"]`, "X-Sallyport-Admin": `null`,
					"X-Amz-Meta-B": `["b"]`, "X-Amz-Security-Token": `null`,
				}
				if a.file != "envoy.yaml" {
					want["X-Amz-Meta-A"] = `["1","2"]`
				}
				if signing == "identity" {
					want["Authorization"], want["X-Amz-Date"] = `null`, `null`
				}
				for name, want := range want {
					if values, _ := json.Marshal(got.Header.Values(name)); string(values) != want {
						t.Errorf("%s: %s, want %s", name, values, want)
					}
				}
				// What Sallyport does not see must not be forwarded.
				named := a.at(admin).signed(t, "GET", target, emptyHash).with("Connection: close, X-Amz-Meta-Named", "X-Amz-Meta-Named: x")
				if response, body := exchange(t, a.endpoint, named.String()); seen[len(seen)-1].Header.Get("X-Amz-Meta-Named") != "" {
					t.Errorf("the store got a header that the connection names: %d %s", response.StatusCode, body)
				}
				// An upgrade would make a tunnel past Sallyport.
				for _, protocol := range []string{"h2c", "websocket"} {
					upgrade := a.at(admin).signed(t, "GET", target, emptyHash).with("Connection: Upgrade", "Upgrade: "+protocol, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13")
					if response, body := exchange(t, a.endpoint, upgrade.String()); seen[len(seen)-1].Header.Get("Upgrade") != "" {
						t.Errorf("the store was asked to upgrade to %s: %d %s", protocol, response.StatusCode, body)
					}
				}
				if values := got.Header.Values("Authorization"); signing == "resign" && (len(values) != 1 || strings.Contains(values[0], shared.keys[admin].AccessKeyID)) {
					t.Errorf("signed as %q", values)
				}
			})
		}
	}
}
