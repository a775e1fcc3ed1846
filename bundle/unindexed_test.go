package bundle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// TestUnindexed loads users with more and more statements that no index narrows,
// two of whose documents count together.
func TestUnindexed(t *testing.T) {
	t.Parallel()
	document := func(n int) string {
		statements := make([]string, n)
		for i := range statements {
			statements[i] = `{"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}`
		}
		return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ", ") + `]}`
	}
	tests := []struct {
		statements int
		settings   string
		want       policy.Severity
		found      bool
	}{
		{100, "", 0, false},
		{101, "", policy.Warning, true},
		{101, "\nlimits: aws\n", policy.Error, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %q", tt.statements, tt.settings), func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			changes := map[string]string{
				"bundle/accounts/aws/policies/many.json":          document(tt.statements - 60),
				"bundle/accounts/111122223333/policies/more.json": document(60),
				"bundle/accounts/111122223333/users/bob.yaml":     "id: AIDABOBEXAMPLE2222222\nattached: [arn:aws:iam::aws:policy/many, arn:aws:iam::111122223333:policy/more]\n",
				"bundle/bundle.yaml":                              small["bundle/bundle.yaml"] + tt.settings,
			}
			small.with(changes).write(t, directory)
			_, findings := bundle.Load(options(t, directory))
			found := false
			for _, f := range findings {
				if f.Code == "UNINDEXED_STATEMENTS" {
					found = true
					if f.Severity != tt.want || !strings.HasSuffix(f.File, "bob.yaml") || !strings.Contains(f.Message, "101 statements") {
						t.Errorf("%s %s", f.Severity, f)
					}
				}
			}
			if found != tt.found {
				t.Errorf("found %t, want %t: %v", found, tt.found, findings)
			}
		})
	}
}

// TestLoad_costlyPatterns sums what the patterns of everything that is attached
// search for.
func TestLoad_costlyPatterns(t *testing.T) {
	t.Parallel()
	document := func(words, marks int) string {
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/%s"},
			{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringLike": {"aws:UserAgent": "*%s*"}}}]}`,
			strings.Repeat("*a", words)+"*end", strings.Repeat("?", marks))
	}
	tests := []struct {
		words    int
		settings string
		want     policy.Severity
		found    bool
	}{
		{5_000, "", 0, false},
		{5_001, "", policy.Warning, true},
		{5_001, "\nlimits: aws\n", policy.Error, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %q", tt.words, tt.settings), func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			changes := map[string]string{
				"bundle/accounts/aws/policies/words.json":          document(tt.words, 0),
				"bundle/accounts/111122223333/policies/marks.json": document(0, 5_000),
				"bundle/accounts/111122223333/users/bob.yaml":      "id: AIDABOBEXAMPLE2222222\nattached: [arn:aws:iam::aws:policy/words, arn:aws:iam::111122223333:policy/marks]\n",
				"bundle/bundle.yaml":                               small["bundle/bundle.yaml"] + tt.settings,
			}
			small.with(changes).write(t, directory)
			_, findings := bundle.Load(options(t, directory))
			found := false
			for _, f := range findings {
				if f.Code == "COSTLY_PATTERNS" {
					found = true
					if f.Severity != tt.want || !strings.HasSuffix(f.File, "bob.yaml") || !strings.Contains(f.Message, "10001 words") {
						t.Errorf("%s %s", f.Severity, f)
					}
				}
			}
			if found != tt.found {
				t.Errorf("found %t, want %t: %v", found, tt.found, findings)
			}
		})
	}
}

// TestLoad_costlyLayers finds costly patterns in every policy of a bundle that a
// decision may evaluate: a boundary together with what it bounds, the policies of
// buckets and roles by themselves.
func TestLoad_costlyLayers(t *testing.T) {
	t.Parallel()
	const (
		root     = "bundle/accounts/111122223333/"
		attached = "attached: [arn:aws:iam::111122223333:policy/some]\nboundary: arn:aws:iam::111122223333:policy/others\n"
		bob      = "id: AIDABOBEXAMPLE2222222\n" + attached
		writer   = "id: AROAWRITEREXAMPLE2222\n" + attached
	)
	identity := func(marks int) string {
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/*%s*"}]}`, strings.Repeat("?", marks))
	}
	onBucket := func(marks int) string {
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/*%s*"}]}`, strings.Repeat("?", marks))
	}
	trust := func(arns int) string {
		values := strings.Repeat(`, "arn:aws:iam::${aws:PrincipalAccount}:role/*"`, arns)
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": [%s]}}}]}`, values[2:])
	}
	tests := []struct {
		name  string
		files files
		file  string // of the finding; none if empty
		where string
	}{
		{
			name:  "a user and its boundary at the bound",
			files: files{"policies/some.json": identity(5_000), "policies/others.json": identity(5_000), "users/bob.yaml": bob},
		},
		{
			name:  "a user and its boundary past it",
			files: files{"policies/some.json": identity(5_000), "policies/others.json": identity(5_001), "users/bob.yaml": bob},
			file:  "users/bob.yaml", where: `attached to the user "bob" count 10001 `,
		},
		{
			name:  "a role and its boundary past it",
			files: files{"policies/some.json": identity(5_001), "policies/others.json": identity(5_000), "roles/writer.yaml": writer, "roles/writer.trust.json": trust(30)},
			file:  "roles/writer.yaml", where: `attached to the role "writer" count 10001 `,
		},
		{
			name:  "a trust policy",
			files: files{"policies/some.json": identity(1), "policies/others.json": identity(1), "roles/writer.yaml": writer, "roles/writer.trust.json": trust(40)},
			file:  "roles/writer.trust.json", where: `in the trust policy of the role "writer" count 10160 `,
		},
		{
			name:  "the policy of a bucket at the bound",
			files: files{"resources/s3/photos.json": onBucket(10_000)},
		},
		{
			name:  "the policy of a bucket past it",
			files: files{"resources/s3/photos.json": onBucket(10_001)},
			file:  "resources/s3/photos.json", where: `in the policy of the bucket "photos" count 10001 `,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			changes := files{}
			for name, text := range tt.files {
				changes[root+name] = text
			}
			small.with(changes).write(t, directory)
			_, findings := bundle.Load(options(t, directory))
			found := false
			for _, f := range findings {
				switch {
				case f.Severity == policy.Error:
					t.Error(f)
				case f.Code == "COSTLY_PATTERNS":
					found = true
					if tt.file == "" || !strings.HasSuffix(f.File, tt.file) || !strings.Contains(f.Message, tt.where) {
						t.Errorf("%s, want one of %q: %s", f, tt.file, tt.where)
					}
				}
			}
			if found != (tt.file != "") {
				t.Errorf("found %t: %v", found, findings)
			}
		})
	}
}
