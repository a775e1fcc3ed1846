package bundle

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// bucket is a bucket with a policy, tags, or both.
type bucket struct {
	account string
	// file is the one that was read first.
	file string
	// document is the policy; nil if there is none, as tags.
	document *document
	tags     *parsedTags
}

type parsedTags struct {
	tags     map[string]string
	findings []policy.Finding
}

// bucket is the bucket that a file is about; nil if another account has one of
// that name.
func (b *builder) bucket(f *file, p place) *bucket {
	known := b.buckets[p.name]
	switch {
	case known == nil:
		known = &bucket{account: p.account, file: f.path}
		b.buckets[p.name] = known
	case known.account != p.account:
		b.error(f.path, policy.Position{}, "DUPLICATE_NAME", fmt.Sprintf("the bucket %q is in account %s already, with %s", p.name, known.account, known.file), "keep the file of the bucket's owner")
		return nil
	}
	return known
}

func (b *builder) readBucketTags(f *file, p place) {
	known := remember(b, f, "", func() *parsedTags {
		y := &yamlFile{name: f.path}
		var t parsedTags
		if root := y.parse(f.text, maxEntity); root != nil {
			y.fields(root, "a bucket",
				field{key: "tags", read: func(n ast.Node) { t.tags = y.tags(n) }},
				field{key: "policy", remedy: "put the policy of the bucket into BUCKET.json, beside this file"},
				field{key: "owner", remedy: "give the bucket to an account under buckets in bundle.yaml"})
		}
		t.findings = y.findings
		return &t
	})
	b.findings = append(b.findings, known.findings...)
	if bucket := b.bucket(f, p); bucket != nil {
		bucket.tags = known
	}
}
