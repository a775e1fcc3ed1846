package decision

import (
	"bytes"

	"github.com/minio/pkg/v3/policy"
)

// loadMinIO reads the same documents as Sallyport. MinIO merges what is attached
// to a user into one policy before it decides, and so does this.
func loadMinIO(w *Workload) (Engine, error) {
	rules := w.Rules()
	for _, r := range rules {
		if r.Action == everything || r.Resources[0] == everything || len(r.UserAgents) > 0 {
			return Engine{}, ErrCannotSay
		}
	}
	merged := policy.Policy{Version: policy.DefaultVersion}
	for from := 0; from < len(rules); from += chunk {
		text := encode(rules[from:min(from+chunk, len(rules))])
		part, err := policy.ParseConfig(bytes.NewReader(text))
		if err != nil {
			return Engine{}, err
		}
		merged.Statements = append(merged.Statements, part.Statements...)
	}
	requests := make([]policy.Args, len(w.Questions))
	for i := range w.Questions {
		q := &w.Questions[i]
		requests[i] = policy.Args{
			AccountName: "alice", Action: Action, BucketName: q.Bucket, ObjectName: q.Key,
			ConditionValues: map[string][]string{"SourceIp": {q.SourceIP.String()}},
		}
	}
	return Engine{Ask: func(i int) bool { return merged.IsAllowed(requests[i]) }}, nil
}
