package decision

import (
	"errors"
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/cache"
)

const (
	sallyport     = "github.com/sallyport-iam/sallyport"
	sallyportName = "Sallyport"
	cachedName    = "Sallyport, cached"
)

// Engine is a policy engine that has a workload loaded.
type Engine struct {
	// Ask decides a question of the workload, by its number.
	Ask func(question int) (allowed bool)
	// Close frees what the engine holds; nil if that is memory alone.
	Close func()
}

func closeAll(engines []Engine) {
	for _, e := range engines {
		if e.Close != nil {
			e.Close()
		}
	}
}

// Peer is a kind of policy engine.
type Peer struct {
	// Name is what tables call it, Module the module it comes from.
	Name, Module string
	// Load makes an engine ready to decide a workload. It fails with
	// ErrCannotSay if the engine has no form for the rules.
	Load func(w *Workload) (Engine, error)
}

// ErrCannotSay is why a peer does not take part: its rules cannot say it.
var ErrCannotSay = errors.New("the engine has no form for these rules")

// Peers are all engines; the first is Sallyport's evaluator.
func Peers() []Peer {
	const opa = "github.com/open-policy-agent/opa"
	return []Peer{
		{sallyportName, sallyport, loadSallyport},
		{cachedName, sallyport, loadCached(cache.Options{MaxBytes: cacheBytes})},
		{"minio/pkg", "github.com/minio/pkg/v3", loadMinIO},
		{"cedar-go", "github.com/cedar-policy/cedar-go", loadCedar},
		{"OPA", opa, loadOPA},
		{"OPA, keyed", opa, loadOPAKeyed},
		{"casbin", "github.com/casbin/casbin/v3", loadCasbin},
	}
}

// Check asks all questions and compares the answers with those that are right.
func Check(e Engine, w *Workload) error {
	for i := range w.Questions {
		if q := &w.Questions[i]; e.Ask(i) != q.Allowed {
			return fmt.Errorf("%s: allowed is %t, want %t", q.Name, !q.Allowed, q.Allowed)
		}
	}
	return nil
}
