//go:build unix

package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestOwners: a bucket belongs to the account that the bundle says. Its own
// account's users see it, another account's do not, however much they are
// allowed, and a bucket without an owner is closed to all.
func TestOwners(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const neighbour = "444455556666"
	suffix := random(4)
	mine, theirs, nobodys := "mine-"+suffix, "theirs-"+suffix, "nobodys-"+suffix
	for _, name := range []string{mine, theirs, nobodys} {
		if _, err := at(admin).client(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		put(t, name, "doc", "in "+name)
	}
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		users := []string{"bundle", "accounts", neighbour, "users"}
		settings := `accounts: {"` + account + `": {}, "` + neighbour + `": {}}
buckets:
  - {name: "mine-*", account: "` + account + `"}
  - {name: "theirs-*", account: "` + neighbour + `"}
`
		for path, text := range map[string]string{
			site.Path("bundle", "bundle.yaml"):                     settings,
			site.Path(append(users, "root.yaml")...):               "id: AIDANEIGHBOUREXAMPLE2",
			site.Path(append(users, "root", "everything.json")...): string(allowing("s3:*")),
		} {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	key, err := door.site.CreateKey(t.Context(), neighbour, "root")
	if err != nil {
		t.Fatal(err)
	}
	us := door.at(admin).client(t, once)
	them := place{door.Endpoint, key}.client(t, once)
	get := func(c *s3.Client, bucket string) error {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("doc")})
		if err == nil {
			out.Body.Close()
		}
		return err
	}
	// The key was made while Sallyport runs.
	for limit := within(t, time.Minute); code(get(them, theirs)) == "InvalidAccessKeyId"; {
		if limit.Err() != nil {
			t.Fatal("the new key is not known")
		}
	}
	tests := []struct {
		who    string
		client *s3.Client
		opens  string
	}{{"we", us, mine}, {"they", them, theirs}}
	for _, tt := range tests {
		for _, bucket := range []string{mine, theirs, nobodys} {
			if err := get(tt.client, bucket); bucket == tt.opens && err != nil || bucket != tt.opens && code(err) != "AccessDenied" {
				t.Errorf("%s, in %s: %v", tt.who, bucket, err)
			}
		}
		list, err := tt.client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, b := range list.Buckets {
			if slices.Contains([]string{mine, theirs, nobodys}, *b.Name) {
				names = append(names, *b.Name)
			}
		}
		if !slices.Equal(names, []string{tt.opens}) {
			t.Errorf("%s are shown %q, want %s alone", tt.who, names, tt.opens)
		}
		_, err = tt.client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &tt.opens, Key: aws.String("copy"), CopySource: aws.String(nobodys + "/doc")})
		if code(err) != "AccessDenied" {
			t.Errorf("%s copy from a bucket that nobody owns: %v", tt.who, err)
		}
	}
}
