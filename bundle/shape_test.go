package bundle_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// TestJudged_together judges documents together, of which many have the same shape,
// and one by one: what is found in each is the same. So it is when what they are judged
// by changes after they were let go.
func TestJudged_together(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	statement := func(principal string) string {
		resource := pick("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:UserAgent}", "arn:aws:s3:::b/${aws:UserAgent, 'x'}")
		condition := fmt.Sprintf(`{%q: {%q: %q}}`, pick("StringEquals", "StringNotLike", "StringLikeIfExists", "ForAllValues:StringEquals", "ForAnyValue:StringLike"),
			pick("aws:SourceVpce", "AWS:sourcevpce", "aws:UserAgent", "s3:prefix", "aws:PrincipalArn", "aws:PrincipalTag/Team", "aws:ResourceTag/team"),
			pick("a", "b", "${aws:UserAgent}", "${aws:PrincipalTag/team}", "$"))
		if r.IntN(5) == 0 {
			condition = fmt.Sprintf(`{"Null": {%q: %q}}`, pick("aws:SourceVpce", "s3:prefix"), pick("true", "false"))
		}
		actions := `"` + pick("s3:GetObject", "s3:ListBucket", "s3:Get*", "sqs:SendMessage", `s3:GetObject", "s3:ListBucket`) + `"`
		return fmt.Sprintf(`{"Effect": %q, %s%q: [%s], "Resource": %q, "Condition": %s}`, pick("Allow", "Deny"), principal,
			pick("Action", "Action", "NotAction"), actions, resource, condition)
	}
	settings := []string{settingsText("", ""), settingsText("assume: {aws:SourceVpce: absent}\n", ""), settingsText("assume: {aws:UserAgent: absent}\n", "")}
	options := bundle.Options{Directory: "bundle", Routes: []bundle.Route{storageRoute("main"), storageRoute("other")}}
	of := func(findings []policy.Finding, file string) (list []policy.Finding) {
		for _, f := range findings {
			if f.File == file {
				list = append(list, f)
			}
		}
		return list
	}
	const documents = 1200
	texts := map[string]string{}
	var files []string
	for i := range documents {
		file := fmt.Sprintf("accounts/111122223333/policies/p%d.json", i)
		principal := ""
		if i%4 == 0 {
			file = fmt.Sprintf("accounts/111122223333/resources/s3/bucket%d.json", i)
			principal = pick(`"Principal": "*", `, `"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, `)
		}
		list := []string{statement(principal)}
		if r.IntN(3) == 0 {
			list = append(list, statement(principal))
		}
		texts[file] = `{"Version": "2012-10-17", "Statement": [` + strings.Join(list, ", ") + `]}`
		files = append(files, file)
	}
	together := bundle.NewLoader(options)
	clean := 0
	for _, text := range append(settings, settings[0]) {
		texts["bundle.yaml"] = text
		_, all := together.Build(bundle.InputOf(texts, nil, ""))
		assumed := false
		for _, file := range files {
			_, alone := bundle.NewLoader(options).Build(bundle.InputOf(map[string]string{"bundle.yaml": text, file: texts[file]}, nil, ""))
			if diff := cmp.Diff(of(alone, file), of(all, file)); diff != "" {
				t.Fatalf("%s: %s (-alone +together):\n%s", text, texts[file], diff)
			}
			if len(of(alone, file)) == 0 {
				clean++
			}
			assumed = assumed || !unused(alone)
		}
		if unused(all) == assumed {
			t.Errorf("%s: an assumption is used: %t", text, assumed)
		}
	}
	if clean < documents/2 || clean > 4*documents-documents/2 {
		t.Errorf("in %d of %d nothing is found: want some of both kinds", clean, 4*documents)
	}
}

// unused tells whether an assumption is found to be of no use.
func unused(findings []policy.Finding) bool {
	return slices.ContainsFunc(findings, func(f policy.Finding) bool { return f.Code == "UNUSED_ASSUMPTION" })
}
