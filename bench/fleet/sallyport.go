package fleet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// The bucket that everything is in, and the account that owns it.
const (
	Bucket  = "bench"
	Account = "111122223333"
	Region  = store.Region
)

// statements is how many statements a user has.
const statements = 10

// Key is an access key.
type Key struct {
	AccessKeyID, SecretAccessKey string
	// SessionToken is that of temporary credentials; empty for others.
	SessionToken string
}

// StoreKey is what the store itself takes.
var StoreKey = Key{AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}

// User is the key of user i.
func User(i int) Key {
	return Key{AccessKeyID: fmt.Sprintf("AKIAEXAMPLE%09d", i), SecretAccessKey: fmt.Sprintf("EXAMPLEKEY/of/the/benchmark/user/%07d", i)}
}

// Home is where user i may read and write.
func Home(i int) string { return fmt.Sprintf("/%s/home/u%d/", Bucket, i) }

const configuration = `%supstreams:
  - name: store
    endpoint: "${STORE_ENDPOINT}"
    credentials: {access_key_id: "${STORE_ACCESS_KEY_ID}", secret_access_key: "${STORE_SECRET_ACCESS_KEY}"}
bundle: {directory: bundle}
keys: {files: [keys.yaml]}
admin: {listen: "${SALLYPORT_ADMIN_LISTEN}"}
audit: {output: /dev/null}
timeouts: {drain_delay: 0s}
`

const standaloneDoor = `doors:
  - name: door
    listen: "${SALLYPORT_LISTEN}"
    routes: [{name: main, service: s3, regions: [us-east-1], upstream: store}]
`

const envoyDoors = `doors:
  - name: door
    type: ext_authz
    listen: "${SALLYPORT_LISTEN}"
    routes: [{name: main, service: s3, regions: [us-east-1], upstream: store}]
  - name: socket
    type: ext_authz
    listen: "unix:%s"
    routes: [{name: main-socket, service: s3, regions: [us-east-1], upstream: store}]
`

// Deployment is a Sallyport to start.
type Deployment struct {
	// Name is that of its folder.
	Name string
	// Upstream is the address of the store behind it.
	Upstream string
	// Users is how many there are, who have ten statements each.
	Users int
	// Binary is the program; empty is that of this checkout.
	Binary string
	// Configuration is further sections of the configuration file.
	Configuration string
}

const bothDoors = standaloneDoor + `  - name: envoy
    type: ext_authz
    listen: "127.0.0.1:0"
    routes: [{name: asked, service: s3, regions: [us-east-1], upstream: store}]
`

// Sallyport starts Sallyport before a store, with users who have ten statements
// each. Records of what it decides go to /dev/null.
func (f *Fleet) Sallyport(ctx context.Context, name, upstream string, users int) (*sallyport.Server, error) {
	return f.Deploy(ctx, Deployment{Name: name, Upstream: upstream, Users: users})
}

// Deploy does the same of a deployment.
func (f *Fleet) Deploy(ctx context.Context, d Deployment) (*sallyport.Server, error) {
	site, err := f.site(ctx, d, standaloneDoor)
	if err != nil {
		return nil, err
	}
	return f.Serve(ctx, site, d.Upstream)
}

// BehindEnvoy starts Sallyport with doors for Envoy: over TCP, and on a Unix
// socket.
func (f *Fleet) BehindEnvoy(ctx context.Context, name, upstream, socket string, users int) (*sallyport.Server, error) {
	return f.DeployBehindEnvoy(ctx, Deployment{Name: name, Upstream: upstream, Users: users}, socket)
}

// DeployBehindEnvoy does the same of a deployment.
func (f *Fleet) DeployBehindEnvoy(ctx context.Context, d Deployment, socket string) (*sallyport.Server, error) {
	site, err := f.site(ctx, d, fmt.Sprintf(envoyDoors, socket))
	if err != nil {
		return nil, err
	}
	return f.Serve(ctx, site, d.Upstream)
}

// BothDoors starts a deployment with a standalone door and one for Envoy, with an
// addition to its environment.
func (f *Fleet) BothDoors(ctx context.Context, d Deployment, env ...string) (s *sallyport.Server, standalone, envoy string, err error) {
	site, err := f.site(ctx, d, bothDoors)
	if err != nil {
		return nil, "", "", err
	}
	if s, err = f.Serve(ctx, site, d.Upstream, env...); err != nil {
		return nil, "", "", err
	}
	now, err := s.Status(ctx)
	if err != nil || len(now.Doors) != 2 {
		return nil, "", "", fmt.Errorf("%d doors: %w", len(now.Doors), err)
	}
	return s, now.Doors[0].Address, now.Doors[1].Address, nil
}

// Site writes what a deployment with a standalone door serves.
func (f *Fleet) Site(ctx context.Context, d Deployment) (*sallyport.Site, error) {
	return f.site(ctx, d, standaloneDoor)
}

func (f *Fleet) site(ctx context.Context, d Deployment, doors string) (*sallyport.Site, error) {
	binary, err := d.Binary, error(nil)
	if binary == "" {
		binary, err = f.build(ctx, process.Sallyport(f.Root()))
	}
	if err != nil {
		return nil, err
	}
	source, err := f.Folder(d.Name + "-source")
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, configuration, doors)
	text = append(text, d.Configuration...)
	if err := os.WriteFile(filepath.Join(source, "sallyport.yaml"), text, 0o600); err != nil {
		return nil, err
	}
	if err := WriteUsers(source, d.Users); err != nil {
		return nil, err
	}
	return sallyport.NewSite(binary, source, filepath.Join(f.Directory, d.Name))
}

// Serve starts Sallyport at a site before a store, with an addition to its
// environment, and waits until it is ready.
func (f *Fleet) Serve(ctx context.Context, site *sallyport.Site, upstream string, env ...string) (*sallyport.Server, error) {
	s, err := site.Start(ctx, sallyport.Options{Env: env, Upstream: sallyport.Upstream{
		Endpoint: "http://" + upstream, AccessKeyID: StoreKey.AccessKeyID, SecretAccessKey: StoreKey.SecretAccessKey,
	}})
	if err != nil {
		return nil, err
	}
	f.ending = append(f.ending, s.Kill)
	return s, nil
}

// WriteUsers writes a bundle and its keys into a directory.
func WriteUsers(directory string, users int) error {
	var keys strings.Builder
	keys.WriteString("keys:\n")
	for i := range users {
		key := User(i)
		fmt.Fprintf(&keys, "  - {access_key_id: %s, secret_access_key: %s, account: %q, user: %s, status: Active, created: 2026-01-31T12:00:00Z}\n",
			key.AccessKeyID, key.SecretAccessKey, Account, name(i))
	}
	if err := WriteBundle(filepath.Join(directory, "bundle"), users, 0); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "keys.yaml"), []byte(keys.String()), 0o600)
}

// WriteBundle writes the bundle of these users into a directory. In another
// edition the policies of all are others, and allow the same of what is asked.
func WriteBundle(directory string, users, edition int) error {
	for i := range users {
		if err := os.MkdirAll(filepath.Dir(policyFile(directory, i)), 0o755); err != nil {
			return err
		}
		file := filepath.Dir(policyFile(directory, i)) + ".yaml"
		if err := os.WriteFile(file, fmt.Appendf(nil, "id: AIDA%016d\n", i), 0o600); err != nil {
			return err
		}
		if err := WritePolicy(directory, i, edition); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("accounts: {%q: {}}\nbuckets: [{name: \"*\", account: %q}]\n", Account, Account)
	return os.WriteFile(filepath.Join(directory, "bundle.yaml"), []byte(text), 0o600)
}

// WritePolicy writes an edition of the policy of user i into the bundle in a
// directory.
func WritePolicy(directory string, i, edition int) error {
	return os.WriteFile(policyFile(directory, i), document(i, edition), 0o600)
}

func name(user int) string { return fmt.Sprintf("u%d", user) }

func policyFile(directory string, user int) string {
	return filepath.Join(directory, "accounts", Account, "users", name(user), "own.json")
}

// Document is the policy of user i.
func Document(i int) []byte { return document(i, 0) }

// document is the policy of user i: the user's own folder, other buckets, which
// are others in each edition, and a Deny.
func document(i, edition int) []byte {
	list := []string{
		fmt.Sprintf(`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::%s*"}`, strings.TrimPrefix(Home(i), "/")),
		fmt.Sprintf(`{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::%s/*","Condition":{"NotIpAddress":{"aws:SourceIp":["127.0.0.0/8","10.0.0.0/8"]}}}`, Bucket),
	}
	for k := len(list); k < statements; k++ {
		list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::team-%d-%d-%d/*"}`, i, k, edition))
	}
	return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`)
}
