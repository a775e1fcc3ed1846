package decision

import (
	"strings"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
)

// loadCasbin makes a line of policy for each rule, and for each of its networks.
// The matcher is the cheapest that all the rules can do with.
func loadCasbin(w *Workload) (Engine, error) {
	matcher := "r.act == p.act && keyMatch(r.obj, p.obj)"
	networks := false
	var lines [][]string
	for _, r := range w.Rules() {
		if len(r.UserAgents) > 0 || len(r.Resources) > 1 || strings.Contains(r.Action, "*") {
			return Engine{}, ErrCannotSay
		}
		if !isPrefix(r.Resources[0]) {
			matcher = "r.act == p.act && globMatch(r.obj, p.obj)"
		}
		effect := "allow"
		if r.Deny {
			effect = "deny"
		}
		if len(r.Networks) == 0 {
			lines = append(lines, []string{r.Resources[0], r.Action, "0.0.0.0/0", effect})
		}
		for _, network := range r.Networks {
			networks = true
			lines = append(lines, []string{r.Resources[0], r.Action, network.String(), effect})
		}
	}
	if networks {
		matcher += " && ipMatch(r.ip, p.ip)"
	}
	m, err := model.NewModelFromString(`
[request_definition]
r = obj, act, ip
[policy_definition]
p = obj, act, ip, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = ` + matcher)
	if err != nil {
		return Engine{}, err
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return Engine{}, err
	}
	if _, err := enforcer.AddPolicies(lines); err != nil {
		return Engine{}, err
	}
	requests := make([][]any, len(w.Questions))
	for i := range w.Questions {
		q := &w.Questions[i]
		requests[i] = []any{q.object(), Action, q.SourceIP.String()}
	}
	return Engine{Ask: func(i int) bool {
		allowed, err := enforcer.Enforce(requests[i]...)
		return err == nil && allowed
	}}, nil
}

// isPrefix tells whether the only wildcard of a pattern is at its end.
func isPrefix(pattern string) bool { return strings.IndexByte(pattern, '*') == len(pattern)-1 }
