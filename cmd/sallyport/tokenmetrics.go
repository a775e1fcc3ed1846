package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/proxy/admin"
)

// tokenCollector reads what became of bearer tokens, and of the keys that they are
// verified with, whenever metrics are asked for. Issuers are no labels: they follow
// from the bundle, and /status names them.
type tokenCollector struct{ tokens *oidc.Verifier }

var (
	tokensVerified = prometheus.NewDesc("sallyport_tokens_verified_total", "Tokens of OpenID Connect providers by what became of them; one that is remembered is not verified again.", []string{"result"}, nil)
	keyFetches     = prometheus.NewDesc("sallyport_provider_key_fetches_total", "Times that OpenID Connect providers were asked for their keys.", []string{"result"}, nil)
	keylessOnes    = prometheus.NewDesc("sallyport_providers_without_keys", "OpenID Connect providers none of whose tokens can be verified now.", nil, nil)
)

// Describe tells the metrics' names.
func (c tokenCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{tokensVerified, keyFetches, keylessOnes} {
		out <- d
	}
}

// Collect tells their values; there are none without temporary credentials.
func (c tokenCollector) Collect(out chan<- prometheus.Metric) {
	if c.tokens == nil {
		return
	}
	s := c.tokens.Stats()
	count := func(d *prometheus.Desc, n uint64, result string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), result)
	}
	count(tokensVerified, s.Accepted, "accepted")
	for kind, n := range s.Refused {
		count(tokensVerified, n, oidc.Kind(kind).String())
	}
	count(keyFetches, s.Fetches-s.FailedFetches, "fetched")
	count(keyFetches, s.FailedFetches, "failed")
	keyless := 0
	for _, p := range c.tokens.Status() {
		if p.Keys == 0 {
			keyless++
		}
	}
	out <- prometheus.MustNewConstMetric(keylessOnes, prometheus.GaugeValue, float64(keyless))
}

// providers are the OpenID Connect providers as /status shows them.
func (s *server) providers() []admin.Provider {
	if s.tokens == nil {
		return nil
	}
	var list []admin.Provider
	for _, p := range s.tokens.Status() {
		list = append(list, admin.Provider{
			Issuer: p.Issuer, Offline: p.Offline, Keys: p.Keys, UnusableKeys: p.Unusable, Version: p.Version,
			FetchedAt: p.Fetched, Failures: p.Failures, LastError: p.Error,
		})
	}
	return list
}
