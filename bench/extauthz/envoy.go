package extauthz

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// way is a way through Envoy.
type way struct {
	name  string
	asked fleet.Asked
	// checks tells whether who is asked checks anything.
	checks bool
}

// throughEnvoy measures reads of small objects through Envoy, which asks each of
// the servers, or none.
func throughEnvoy(ctx context.Context, f *fleet.Fleet, o measure.Turns, store string, ways []way) (string, error) {
	asked := make([]fleet.Asked, len(ways))
	for i := range ways {
		asked[i] = ways[i].asked
	}
	envoy, err := f.Envoy(ctx, "asking", store, runtime.NumCPU(), asked)
	if err != nil {
		return "", err
	}
	requests, now := make([][]byte, objects), time.Now()
	for i := range requests {
		r := fleet.Request{Method: http.MethodGet, Path: path(i), Hash: fleet.EmptyHash}
		if requests[i], err = fleet.Sign(r, clientHost, fleet.User(i%users), now); err != nil {
			return "", err
		}
	}
	if err := refusesThrough(ctx, ways, envoy.Addresses); err != nil {
		return "", err
	}
	requestsOf, err := wrk.New(f.Directory, "envoy", requests)
	if err != nil {
		return "", err
	}
	rates, p50, p99 := make([][]float64, len(ways)), make([][]float64, len(ways)), make([][]float64, len(ways))
	for round := -o.Warm; round < o.Rounds; round++ {
		for n := range ways {
			i := (n + round + len(ways)) % len(ways) // nobody is always first
			got, err := requestsOf.Run(ctx, envoy.Addresses[i], callers, o.Length)
			if err != nil {
				return "", fmt.Errorf("%s: %w", ways[i].name, err)
			}
			if round < 0 {
				continue
			}
			rates[i] = append(rates[i], got.PerSecond)
			p50[i] = append(p50[i], float64(got.P50))
			p99[i] = append(p99[i], float64(got.P99))
		}
	}
	const alone, noop = 0, 1
	var cells [][]string
	for i := range ways {
		rate := measure.Summarise(rates[i])
		added := make([]float64, len(p50[i]))
		for k := range added {
			added[k] = p50[i][k] - p50[alone][k]
		}
		more := "–"
		if i != alone {
			more = report.Duration(max(0, measure.Summarise(added).Median))
		}
		cells = append(cells, []string{
			ways[i].name, report.Count(int(rate.Median)) + " ±" + report.Percent(rate.Spread),
			report.Summary(measure.Ratios(rates[i], rates[alone]), report.Ratio), report.Summary(measure.Ratios(rates[i], rates[noop]), report.Ratio),
			report.Duration(measure.Summarise(p50[i]).Median), more, report.Duration(measure.Summarise(p99[i]).Median),
		})
	}
	return "### Through Envoy, GET of 1 KiB objects, 32 clients\n\n" + report.Table([]string{
		"way", "requests/s", "of Envoy alone", "of Envoy with the no-op server over TCP", "p50", "more than Envoy alone", "p99",
	}, cells) + "\n", nil
}

// refusesThrough checks that every way lets pass what it must, and that another
// user's object passes only where nobody checks.
func refusesThrough(ctx context.Context, ways []way, addresses []string) error {
	for i, w := range ways {
		for _, test := range []struct {
			path string
			want bool
		}{{path(0), true}, {path(1), !w.checks}} {
			head, err := fleet.Sign(fleet.Request{Method: http.MethodGet, Path: test.path, Hash: fleet.EmptyHash}, clientHost, fleet.User(0), time.Now())
			if err != nil {
				return err
			}
			status, body, err := fleet.Exchange(ctx, addresses[i], head)
			if err != nil || (status == http.StatusOK) != test.want {
				return fmt.Errorf("%s, %s: %d %s (%w)", w.name, test.path, status, body, err)
			}
		}
	}
	return nil
}
