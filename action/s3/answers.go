package s3

// FilterBuckets is the response rewrite of ListBuckets: it takes the buckets
// out that keep does not name. Everything else stays as the store wrote it.
func FilterBuckets(body []byte, keep func(bucket string) bool) ([]byte, error) {
	d := &document{src: string(body), answer: true}
	d.rootNamed("ListAllMyBucketsResult")
	out, copied := make([]byte, 0, len(body)), 0
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "Buckets" {
			d.skip()
			continue
		}
		for name, ok := d.child(); ok; name, ok = d.child() {
			if name != "Bucket" {
				d.unknown(name)
				break
			}
			start := d.start
			if bucket := readBucketName(d); d.err == nil && !keep(bucket) {
				out = append(out, body[copied:start]...)
				copied = d.pos
			}
		}
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return append(out, body[copied:]...), nil
}

// readBucketName reads the Bucket element that is open.
func readBucketName(d *document) (bucket string) {
	var named bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "Name" {
			d.skip()
			continue
		}
		d.once(&named, name)
		bucket = d.text()
	}
	if !named {
		d.fail("a bucket without Name")
	}
	return bucket
}

// RelocateUpload is the response rewrite of CompleteMultipartUpload: the
// object's address becomes the one that the client knows. An error, which the
// store may report in an answer that began as a success, stays.
func RelocateUpload(body []byte, location string) ([]byte, error) {
	d := &document{src: string(body), answer: true}
	out, copied := make([]byte, 0, len(body)+len(location)), 0
	switch root := d.root(); {
	case d.err != nil:
	case root == "Error":
		return body, nil
	case root != "CompleteMultipartUploadResult":
		d.unknown(root)
	}
	for name, ok := d.child(); ok; name, ok = d.child() {
		start := d.start
		d.skip()
		if name == "Location" && d.err == nil {
			out = append(out, body[copied:start]...)
			out = appendElement(out, name, location)
			copied = d.pos
		}
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return append(out, body[copied:]...), nil
}
