package decision

import (
	"encoding/json"
	"strings"
)

const (
	arnPrefix = "arn:aws:s3:::"
	// everything matches any resource, and any action.
	everything = "*"
)

// object names what a question is about, as bucket/key.
func (q *Question) object() string { return q.Bucket + "/" + q.Key }

// encode writes a document as IAM has it, without white space.
func encode(d Document) []byte {
	statements := make([]string, len(d))
	for i := range d {
		statements[i] = string(encodeRule(&d[i]))
	}
	return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
}

func encodeRule(r *Rule) []byte {
	effect := "Allow"
	if r.Deny {
		effect = "Deny"
	}
	resources := make([]string, len(r.Resources))
	for i, pattern := range r.Resources {
		resources[i] = arnPrefix + pattern
		if pattern == everything {
			resources[i] = pattern
		}
	}
	text := `{"Effect":"` + effect + `","Action":` + oneOrMany([]string{r.Action}) + `,"Resource":` + oneOrMany(resources)
	var conditions []string
	if len(r.Networks) > 0 {
		networks := make([]string, len(r.Networks))
		for i, network := range r.Networks {
			networks[i] = network.String()
		}
		conditions = append(conditions, `"IpAddress":{"aws:SourceIp":`+oneOrMany(networks)+`}`)
	}
	if len(r.UserAgents) > 0 {
		conditions = append(conditions, `"StringLike":{"aws:UserAgent":`+oneOrMany(r.UserAgents)+`}`)
	}
	if len(conditions) > 0 {
		text += `,"Condition":{` + strings.Join(conditions, ",") + `}`
	}
	return []byte(text + "}")
}

// oneOrMany writes a list, or the value alone if there is one.
func oneOrMany(values []string) string {
	var encoded []byte
	var err error
	if len(values) == 1 {
		encoded, err = json.Marshal(values[0])
	} else {
		encoded, err = json.Marshal(values)
	}
	if err != nil {
		panic(err) // strings always encode
	}
	return string(encoded)
}
