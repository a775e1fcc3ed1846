package decision

import (
	"context"
	_ "embed" // for the policies
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

var (
	//go:embed rules.rego
	rulesRego string
	//go:embed keyed.rego
	keyedRego string
)

// loadOPA makes an element of a list of each rule, and walks the lists: those
// of prefixes, which need no pattern, those of patterns, and those of networks.
func loadOPA(w *Workload) (Engine, error) {
	lists := map[string]map[string][]any{"allow": {}, "deny": {}}
	for _, effect := range lists {
		for _, form := range []string{"prefixes", "patterns", "networks"} {
			effect[form] = []any{}
		}
	}
	for _, r := range w.Rules() {
		if len(r.UserAgents) > 0 || len(r.Resources) > 1 || strings.Contains(r.Action, "*") {
			return Engine{}, ErrCannotSay
		}
		element := map[string]any{"action": r.Action}
		form := "prefixes"
		if isPrefix(r.Resources[0]) {
			element["prefix"] = strings.TrimSuffix(r.Resources[0], "*")
		} else {
			form = "patterns"
			element["pattern"] = r.Resources[0]
		}
		if len(r.Networks) > 0 {
			if form == "patterns" {
				return Engine{}, ErrCannotSay
			}
			form = "networks"
			var networks []any
			for _, network := range r.Networks {
				networks = append(networks, network.String())
			}
			element["networks"] = networks
		}
		lists[effectOf(&r)][form] = append(lists[effectOf(&r)][form], element)
	}
	data := map[string]any{}
	for effect, forms := range lists {
		member := map[string]any{}
		for form, elements := range forms {
			member[form] = elements
		}
		data[effect] = member
	}
	return prepareOPA(w, rulesRego, data)
}

// loadOPAKeyed looks rules up by action and bucket, as who writes for OPA can
// where no pattern has a wildcard before the key.
func loadOPAKeyed(w *Workload) (Engine, error) {
	data := map[string]any{"allow": map[string]any{}, "deny": map[string]any{}}
	for _, r := range w.Rules() {
		bucket, key, _ := strings.Cut(r.Resources[0], "/")
		if len(r.Networks)+len(r.UserAgents) > 0 || len(r.Resources) > 1 ||
			strings.Contains(r.Action+bucket, "*") || !isPrefix(key) {
			return Engine{}, ErrCannotSay
		}
		actions := data[effectOf(&r)].(map[string]any)
		buckets, ok := actions[r.Action].(map[string]any)
		if !ok {
			buckets = map[string]any{}
			actions[r.Action] = buckets
		}
		prefixes, _ := buckets[bucket].([]any)
		buckets[bucket] = append(prefixes, strings.TrimSuffix(key, "*"))
	}
	return prepareOPA(w, keyedRego, data)
}

func prepareOPA(w *Workload, module string, data map[string]any) (Engine, error) {
	ctx := context.Background()
	store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(
		rego.Query("data.rules.allowed"), rego.Module("rules.rego", module), rego.Store(store),
	).PrepareForEval(ctx)
	if err != nil {
		return Engine{}, err
	}
	inputs := make([]ast.Value, len(w.Questions))
	for i := range w.Questions {
		q := &w.Questions[i]
		inputs[i], err = ast.InterfaceToValue(map[string]any{
			"action": Action, "bucket": q.Bucket, "key": q.Key, "object": q.object(), "ip": q.SourceIP.String(),
		})
		if err != nil {
			return Engine{}, err
		}
	}
	return Engine{Ask: func(i int) bool {
		results, err := query.Eval(ctx, rego.EvalParsedInput(inputs[i]))
		return err == nil && results.Allowed()
	}}, nil
}

func effectOf(r *Rule) string {
	if r.Deny {
		return "deny"
	}
	return "allow"
}
