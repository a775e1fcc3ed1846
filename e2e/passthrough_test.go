//go:build unix

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// TestPassthrough puts Sallyport in front of a store that has the same keys, and
// lets the client's signature go on.
func TestPassthrough(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	door := serve(t, "sallyport.yaml", upstream(shared.store), func(site *sallyport.Site) {
		edit := func(name string, change func(string) string) {
			text, err := os.ReadFile(site.Path(name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(site.Path(name), []byte(change(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		edit("sallyport.yaml", func(text string) string {
			return strings.Replace(text, "    addressing: path\n", "    signing: passthrough\n", 1)
		})
		edit("keys.yaml", func(text string) string {
			return text + fmt.Sprintf("  - {access_key_id: %s, secret_access_key: %s, account: %q, user: admin, status: Active}\n", store.AccessKeyID, store.SecretAccessKey, account)
		})
	})
	bucket := bucket(t)
	content := bytes.Repeat([]byte("passes through "), 20_000)
	shares := place{door.Endpoint, sallyport.Key{AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}}
	client, key := shares.client(t, once), "passed ä"
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(out.Body)
	out.Body.Close()
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	link, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	if status, text := fetch(t, "GET", link.URL, nil, nil); status != 200 || text != string(content) {
		t.Errorf("presigned: %d and %d bytes", status, len(text))
	}
	// A key that the store does not share is verified here and refused there, in
	// the store's words.
	_, err = door.at(admin).client(t, once).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
	if code(err) != "XAdminUserNotFound" { // of versitygw
		t.Errorf("a key of which the store knows nothing: %v", err)
	}
	// Policies are enforced before.
	wantDenied(t, func() error {
		_, err := door.at(limited).client(t, once).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
		return err
	}(), "s3:GetObject")
}
