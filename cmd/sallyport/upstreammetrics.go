package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/upstream"
)

// upstreamMetrics are the counters of the exchanges with upstreams.
type upstreamMetrics struct {
	exchanges, retries, cuts *prometheus.CounterVec
	duration                 *prometheus.HistogramVec
}

func newUpstreamMetrics(registry *prometheus.Registry) *upstreamMetrics {
	m := &upstreamMetrics{
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_upstream_requests_total",
			Help: "Requests to an upstream by what became of them.",
		}, []string{"upstream", "outcome"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_upstream_retries_total",
			Help: "Requests sent again because a pooled connection was stale.",
		}, []string{"upstream"}),
		cuts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_upstream_cut_responses_total",
			Help: "Answers that broke off after their header was passed on.",
		}, []string{"upstream"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "sallyport_upstream_response_header_duration_seconds",
			Help:    "Time from sending a request to the header of the upstream's answer.",
			Buckets: prometheus.ExponentialBuckets(.0001, 2.5, 14),
		}, []string{"upstream"}),
	}
	registry.MustRegister(m.exchanges, m.retries, m.cuts, m.duration)
	return m
}

// observer counts one upstream's exchanges and logs what broke off.
func (m *upstreamMetrics) observer(name string, logger *zap.Logger) upstream.Observer {
	retries, cuts, duration := m.retries.WithLabelValues(name), m.cuts.WithLabelValues(name), m.duration.WithLabelValues(name)
	return upstream.Observer{
		Exchanged: func(e upstream.Exchange) {
			m.exchanges.WithLabelValues(name, e.Outcome.String()).Inc()
			duration.Observe(e.Elapsed.Seconds())
			if e.Retried {
				retries.Inc()
			}
		},
		Cut: func(requestID string, err error) {
			cuts.Inc()
			logger.Warn("an answer broke off", zap.String("request_id", requestID), zap.Error(err))
		},
	}
}
