package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy"
)

// newLimiter makes what limits failed authentications; nil if nothing is to.
func newLimiter(f *config.FailedAuthentications) *proxy.Limiter {
	if f.Rate == 0 {
		return nil
	}
	return proxy.NewLimiter(proxy.LimiterOptions{Rate: f.Rate, Burst: f.Burst, Anonymous: f.Anonymous, Now: time.Now})
}

// registerLimiter registers how many addresses are limited; l may be nil.
func registerLimiter(registry *prometheus.Registry, l *proxy.Limiter) {
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sallyport_limited_peers",
		Help: "Addresses that have spent the failed authentications they are granted.",
	}, func() float64 {
		if l == nil {
			return 0
		}
		return float64(l.Limited(time.Now()))
	}))
}
