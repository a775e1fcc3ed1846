package checkpb

import "github.com/sallyport-iam/sallyport/wire"

// Unmarshal reads a CheckRequest in the place of what was read before, by the
// rules of protobuf: the last value of a field counts, messages that come in
// parts are put together, what is unknown is skipped. A message that is malformed
// anywhere, in parts that nobody asks for too, leaves nothing but ErrMalformed.
func (r *Request) Unmarshal(message string) error {
	r.Reset()
	if !each(message, func(f field) bool { return f.tag != 1<<3|bytes || r.readAttributes(f.text) }) {
		r.Reset()
		return ErrMalformed
	}
	return nil
}

// readAttributes reads an AttributeContext.
func (r *Request) readAttributes(message string) bool {
	const depth = maxDepth - 2 // this message's, and that of the one around it
	return each(message, func(f field) bool {
		switch f.tag {
		case 1<<3 | bytes:
			return readPeer(f.text, &r.Source, &r.Principal)
		case 2<<3 | bytes:
			var principal string
			return readPeer(f.text, &r.Destination, &principal)
		case 4<<3 | bytes:
			return r.readRequest(f.text)
		case 10<<3 | bytes:
			return readEntry(f.text, &r.Extensions)
		case 11<<3 | bytes, 13<<3 | bytes: // metadata_context, route_metadata_context
			return metadata.fits(f.text, depth)
		case 12<<3 | bytes:
			return tlsSession.fits(f.text, depth)
		}
		return true
	})
}

// readPeer reads an AttributeContext.Peer.
func readPeer(message string, address *Address, principal *string) bool {
	return each(message, func(f field) bool {
		var other string
		switch f.tag {
		case 1<<3 | bytes:
			return readAddress(f.text, address)
		case 3<<3 | bytes:
			return texts.fits(f.text, maxDepth)
		case 4<<3 | bytes:
			return f.into(principal)
		case 2<<3 | bytes, 5<<3 | bytes: // service, certificate
			return f.into(&other)
		}
		return true
	})
}

// readAddress reads a config.core.v3.Address, of which the last kind counts.
func readAddress(message string, a *Address) bool {
	return each(message, func(f field) bool {
		switch f.tag {
		case 1<<3 | bytes:
			if !a.socket {
				*a = Address{socket: true}
			}
			return readSocketAddress(f.text, a)
		case 2<<3 | bytes:
			*a = Address{}
			return pipe.fits(f.text, maxDepth)
		case 3<<3 | bytes:
			*a = Address{}
			return internalAddress.fits(f.text, maxDepth)
		}
		return true
	})
}

// readSocketAddress reads a config.core.v3.SocketAddress. A port that has a name
// is none.
func readSocketAddress(message string, a *Address) bool {
	return each(message, func(f field) bool {
		var other string
		switch f.tag {
		case 2<<3 | bytes:
			return f.into(&a.IP)
		case 3<<3 | varint:
			a.Port = uint32(f.number)
		case 4<<3 | bytes:
			a.Port = 0
			return f.into(&other)
		case 5<<3 | bytes, 7<<3 | bytes: // resolver_name, network_namespace_filepath
			return f.into(&other)
		}
		return true
	})
}

// readRequest reads an AttributeContext.Request, whose time nobody asks for.
func (r *Request) readRequest(message string) bool {
	return each(message, func(f field) bool {
		switch f.tag {
		case 1<<3 | bytes:
			return timestamp.fits(f.text, maxDepth)
		case 2<<3 | bytes:
			r.HasHTTP = true
			return r.readHTTP(f.text)
		}
		return true
	})
}

// readHTTP reads an AttributeContext.HttpRequest.
func (r *Request) readHTTP(message string) bool {
	return each(message, func(f field) bool {
		var protocol string
		switch f.tag {
		case 1<<3 | bytes:
			return f.into(&r.ID)
		case 2<<3 | bytes:
			return f.into(&r.Method)
		case 3<<3 | bytes:
			return readEntry(f.text, &r.Merged)
		case 4<<3 | bytes:
			return f.into(&r.Path)
		case 5<<3 | bytes:
			return f.into(&r.Host)
		case 6<<3 | bytes:
			return f.into(&r.Scheme)
		case 7<<3 | bytes:
			return f.into(&r.Query)
		case 8<<3 | bytes:
			return f.into(&r.Fragment)
		case 9<<3 | varint:
			r.Size = int64(f.number)
		case 10<<3 | bytes:
			return f.into(&protocol)
		case 11<<3 | bytes:
			return f.into(&r.Body)
		case 12<<3 | bytes:
			r.RawBody = f.text
		case 13<<3 | bytes:
			return each(f.text, func(f field) bool { return f.tag != 1<<3|bytes || r.readHeader(f.text) })
		}
		return true
	})
}

// readHeader reads a config.core.v3.HeaderValue of the header map.
func (r *Request) readHeader(message string) bool {
	var name, value, raw string
	if !each(message, func(f field) bool {
		switch f.tag {
		case 1<<3 | bytes:
			return f.into(&name)
		case 2<<3 | bytes:
			return f.into(&value)
		case 3<<3 | bytes:
			raw = f.text
		}
		return true
	}) {
		return false
	}
	if raw != "" {
		r.TwoValues = r.TwoValues || value != ""
		value = raw
	}
	if len(r.Raw) <= MaxPairs {
		r.Raw.Add(name, value)
	}
	return true
}

// readEntry reads an entry of a map of texts. The last one of a key counts.
func readEntry(message string, into *wire.Fields) bool {
	var key, value string
	if !each(message, func(f field) bool {
		switch f.tag {
		case 1<<3 | bytes:
			return f.into(&key)
		case 2<<3 | bytes:
			return f.into(&value)
		}
		return true
	}) {
		return false
	}
	for i := range *into {
		if (*into)[i].Name == key {
			(*into)[i].Value = value
			return true
		}
	}
	if len(*into) <= MaxPairs {
		into.Add(key, value)
	}
	return true
}
