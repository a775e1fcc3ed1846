package admin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy/admin"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	var status atomic.Pointer[bundle.Status]
	var draining atomic.Bool
	status.Store(&bundle.Status{LastError: "bundle.yaml:3:1: unknown key"})
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "example_total", Help: "An example."}))
	s, err := admin.Listen(admin.Options{
		Address:   "127.0.0.1:0",
		Version:   "v0",
		Started:   now,
		Now:       func() time.Time { return now },
		Bundle:    func() bundle.Status { return *status.Load() },
		Draining:  draining.Load,
		Doors:     []admin.Door{{Name: "s3", Address: "127.0.0.1:9000"}},
		Upstreams: []admin.Upstream{{Name: "store", Endpoint: "http://127.0.0.1:7070"}},
		Metrics:   registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	expect := func(path string, code int, text string) {
		t.Helper()
		if gotCode, gotText := get(path); gotCode != code || !strings.Contains(gotText, text) {
			t.Errorf("%s: %d %q, want %d with %q", path, gotCode, gotText, code, text)
		}
	}

	expect("/livez", 200, "ok")
	expect("/startupz", 503, "bundle.yaml:3:1: unknown key")
	expect("/readyz", 503, "bundle.yaml:3:1: unknown key")
	expect("/status", 200, `"activated_at": null`)
	expect("/metrics", 200, "example_total 0")
	expect("/debug/pprof/", 404, "")

	status.Store(&bundle.Status{Revision: "r1", Generation: 1, ActivatedAt: now.Add(-time.Minute)})
	expect("/startupz", 200, "ok")
	expect("/readyz", 200, "ok")
	_, text := get("/status")
	var doc struct {
		Ready  bool
		Bundle struct {
			Revision   string
			Generation uint64
			AgeSeconds float64 `json:"age_seconds"`
		}
		Doors []struct{ Name, Address string }
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.Ready || doc.Bundle.Revision != "r1" || doc.Bundle.Generation != 1 || doc.Bundle.AgeSeconds != 60 || doc.Doors[0].Address != "127.0.0.1:9000" {
		t.Errorf("status: %s", text)
	}

	draining.Store(true)
	expect("/readyz", 503, "draining")
	expect("/livez", 200, "ok")

	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
