package decision

import (
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

const account = "111122223333"

// chunk is how many rules of a document are parsed at once, since a text is
// bound in size, and since minio/pkg compares the statements of a text with
// each other.
const chunk = 100

func loadSallyport(w *Workload) (Engine, error) {
	attached, err := attach(w)
	if err != nil {
		return Engine{}, err
	}
	caller, requests, accesses := questions(w, attached)
	return Engine{Ask: func(i int) bool {
		return authz.Decide(caller, &requests[i], &accesses[i]).Allowed()
	}}, nil
}

// cacheBytes is the memory of the cache, ample for one caller.
const cacheBytes = 16 << 20

// loadCached puts the cache in front of the evaluator.
func loadCached(o cache.Options) func(w *Workload) (Engine, error) {
	return func(w *Workload) (Engine, error) {
		attached, err := attach(w)
		if err != nil {
			return Engine{}, err
		}
		caller, requests, accesses := questions(w, attached)
		remembered, err := cache.New(o)
		if err != nil {
			return Engine{}, err
		}
		const generation = 1
		ask := func(i int) bool {
			return remembered.Decide(generation, caller, &requests[i], &accesses[i]).Allowed()
		}
		// A decision that took long is looked up the next time, and remembered when
		// it was looked up in vain twice.
		for range 3 {
			for i := range w.Questions {
				ask(i)
			}
			remembered.Wait()
		}
		return Engine{Ask: ask, Close: remembered.Close}, nil
	}
}

// attach compiles the documents of a workload and attaches them as a bundle does.
func attach(w *Workload) (*authz.Policies, error) {
	documents := make([]*authz.Document, len(w.Documents))
	for i, d := range w.Documents {
		parsed, err := parse(fmt.Sprintf("%d.json", i), d)
		if err != nil {
			return nil, err
		}
		documents[i] = authz.Compile(parsed)
	}
	var library authz.Library
	return library.Policies(documents...), nil
}

// parse reads the rules of a document, and a text for each chunk of them.
func parse(name string, rules Document) (*policy.Document, error) {
	var whole *policy.Document
	for from := 0; from < len(rules); from += chunk {
		text := encode(rules[from:min(from+chunk, len(rules))])
		part, findings := policy.Parse(policy.Identity, name, text)
		if part == nil {
			return nil, fmt.Errorf("rejected with %d findings: %v", len(findings), findings[0])
		}
		if whole == nil {
			whole = part
			continue
		}
		for _, s := range part.Statements {
			s.Index += from
			whole.Statements = append(whole.Statements, s)
		}
	}
	return whole, nil
}

// questions puts the questions of a workload in Sallyport's types.
func questions(w *Workload, attached *authz.Policies) (*authz.Caller, []authz.Request, []authz.Access) {
	caller := &authz.Caller{
		Type: authz.User, Account: account,
		ARN: "arn:aws:iam::" + account + ":user/alice", ID: "AIDAALICE",
		Identity: attached,
	}
	requests := make([]authz.Request, len(w.Questions))
	accesses := make([]authz.Access, len(w.Questions))
	for i := range w.Questions {
		q := &w.Questions[i]
		requests[i].Now = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		requests[i].Keys.Set("aws:sourceip", q.SourceIP.String())
		if q.UserAgent != "" {
			requests[i].Keys.Set("aws:useragent", q.UserAgent)
		}
		accesses[i] = authz.Access{Action: Action, Resource: arnPrefix + q.object(), Account: account}
		if w.AllLayers {
			fillLayers(caller, &requests[i], &accesses[i])
		}
	}
	return caller, requests, accesses
}

// fillLayers attaches as many of the caller's documents of 6,144 characters as
// fit into AWS's limits of all other layers: one as the boundary, ten and a
// short one for the session, five control policies of 5,120 at each of five
// levels, 20,480 characters at the endpoint and at the resource.
func fillLayers(c *authz.Caller, r *authz.Request, a *authz.Access) {
	const levels, ofLevel, ofPolicy = 5, 4, 3
	first := func(n int) *authz.Policies { return authz.NewPolicies(c.Identity.Documents()[:n]...) }
	c.Type, c.ParentARN, c.ParentID = authz.FederatedUser, c.ARN, c.ID
	c.Boundary, c.Session = first(1), first(managedCount)
	for range levels {
		c.SCP, a.RCP = append(c.SCP, first(ofLevel)), append(a.RCP, first(ofLevel))
	}
	r.Endpoint, a.Policy = first(ofPolicy), first(ofPolicy)
}
