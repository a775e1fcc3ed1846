package proxy

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// Metrics are the counters of enforcement. Labels come from fixed sets and the
// configuration's names, never from requests.
type Metrics struct {
	decisions      series[prometheus.Counter]
	duration       series[prometheus.Observer]
	authentication series[prometheus.Counter]
	responses      series[prometheus.Counter]
	issued         series[prometheus.Counter]
	inFlight       prometheus.Gauge
}

// series are those of one metric, found again by the values of their labels in
// less time than the metric takes.
type series[M any] struct {
	find  func(labels ...string) M
	mu    sync.Mutex // of who adds one
	known atomic.Pointer[map[[maxLabels]string]M]
}

// maxLabels is how many labels a metric has at most.
const maxLabels = 4

func (s *series[M]) of(labels ...string) M {
	var key [maxLabels]string
	copy(key[:], labels)
	if known := s.known.Load(); known != nil {
		if found, ok := (*known)[key]; ok {
			return found
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	more := map[[maxLabels]string]M{}
	if known := s.known.Load(); known != nil {
		maps.Copy(more, *known)
	}
	more[key] = s.find(slices.Clone(labels)...)
	s.known.Store(&more)
	return more[key]
}

// NewMetrics makes the counters and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_decisions_total",
		Help: "Requests decided, by outcome and by the layer or stage that decided.",
	}, []string{"door", "service", "decision", "reason"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "sallyport_response_header_duration_seconds",
		Help:    "Time from the request's header to the answer's, the upstream's share included.",
		Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"door", "service"})
	authentication := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_authentication_total",
		Help: "Requests by how their caller was established, and whether it was.",
	}, []string{"door", "method", "result"})
	responses := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_responses_total",
		Help: "Answers by class of status.",
	}, []string{"door", "class"})
	issued := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_sessions_issued_total",
		Help: "Temporary credentials issued, by operation of STS.",
	}, []string{"door", "operation"})
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sallyport_requests_in_flight",
		Help: "Requests between their header and their answer's.",
	})
	reg.MustRegister(decisions, duration, authentication, responses, issued, inFlight)
	return &Metrics{
		decisions:      series[prometheus.Counter]{find: decisions.WithLabelValues},
		duration:       series[prometheus.Observer]{find: duration.WithLabelValues},
		authentication: series[prometheus.Counter]{find: authentication.WithLabelValues},
		responses:      series[prometheus.Counter]{find: responses.WithLabelValues},
		issued:         series[prometheus.Counter]{find: issued.WithLabelValues},
		inFlight:       inFlight,
	}
}

func (m *Metrics) observe(v *Verdict, status int, elapsed time.Duration) {
	service := "none"
	if v.Route != nil {
		service = v.Route.Service
	}
	decision, reason := v.outcome()
	if v.limited {
		reason = "limited"
	}
	m.decisions.of(v.door.Name, service, decision, reason).Inc()
	m.duration.of(v.door.Name, service).Observe(elapsed.Seconds())
	if v.rarely().issued != nil {
		m.issued.of(v.door.Name, v.Operation.Name).Inc()
	}
	if status != 0 { // the answer is another's to give
		m.responses.of(v.door.Name, class(status)).Inc()
	}
	switch {
	case v.caller != nil:
		m.authentication.of(v.door.Name, v.method, "established").Inc()
	case v.method != "":
		m.authentication.of(v.door.Name, v.method, "refused").Inc()
	case v.Route != nil && v.Operation.Name != "" && v.Operation.Name != PreflightName:
		m.authentication.of(v.door.Name, "unknown", "refused").Inc()
	}
}

// outcome tells the decision and what made it, from fixed sets.
func (v *Verdict) outcome() (decision, reason string) {
	switch {
	case v.observed() != nil:
		if v.Refusal != nil {
			return "refused", stage(v.Refusal)
		}
		if v.observed().Needs != "" {
			return "observed", "unavailable"
		}
		return "observed", v.observed().Layer.String()
	case v.mapped.Undecided && v.Refusal != nil:
		return "refused", stage(v.Refusal) // nothing was decided
	case v.mapped.Undecided:
		return "allow", "exempt"
	case len(v.accesses) > 0:
		last := v.accesses[len(v.accesses)-1].Decision
		if last.Needs != "" && v.Refusal != nil {
			return "refused", stage(v.Refusal)
		}
		if v.Refusal == nil || last.Allowed() {
			if v.refused != nil && anyRefused(v.refused) {
				return "partial", "items"
			}
			if v.Refusal != nil {
				return "allow", stage(v.Refusal)
			}
			return "allow", "policy"
		}
		return last.Effect.String(), last.Layer.String()
	case v.Refusal != nil:
		return "refused", stage(v.Refusal)
	case v.answer != nil:
		return "allow", "preflight"
	default:
		return "allow", "policy"
	}
}

// observed is the first denial that was not enforced, or else the first decision
// that could not be made; nil if there is neither.
func (v *Verdict) observed() *authz.Decision {
	var undecided *authz.Decision
	for i := range v.accesses {
		d := &v.accesses[i].Decision
		switch {
		case !v.accesses[i].Observed:
		case d.Needs == "":
			return d
		case undecided == nil:
			undecided = d
		}
	}
	return undecided
}

// stage sorts a refusal that no policy made.
func stage(r *wire.Refusal) string {
	switch {
	case r.Status >= 500 && r.Status != 501:
		return "unavailable"
	case r.Status == 403:
		return "authentication"
	default:
		return "request"
	}
}

func class(status int) string {
	switch status / 100 {
	case 1:
		return "1xx"
	case 2:
		return "2xx"
	case 3:
		return "3xx"
	case 4:
		return "4xx"
	default:
		return "5xx"
	}
}
