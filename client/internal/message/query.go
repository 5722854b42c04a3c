// SPDX-License-Identifier: Apache-2.0

package message

import "github.com/pyfly-go/pyfly/internal/uritemplate"

// texts are the values under one name.
func texts(v *uritemplate.Value) []string {
	switch {
	case v.IsUndefined():
		return nil
	case v.Kind == uritemplate.List:
		return v.List
	case v.Kind == uritemplate.Pairs:
		var pairs []string
		for _, pair := range v.Pairs {
			pairs = append(pairs, pair[0]+"="+pair[1])
		}
		return pairs
	}
	return []string{v.Text}
}

// appendParameter adds name=value for every value; pairs bring their names.
func appendParameter(query, name string, v *uritemplate.Value) string {
	if v.Kind == uritemplate.Pairs {
		for _, pair := range v.Pairs {
			query = joinQuery(query, uritemplate.Escape(pair[0])+"="+uritemplate.Escape(pair[1]))
		}
		return query
	}
	for _, text := range texts(v) {
		query = joinQuery(query, uritemplate.Escape(name)+"="+uritemplate.Escape(text))
	}
	return query
}

func joinQuery(query, more string) string {
	if query == "" || more == "" {
		return query + more
	}
	return query + "&" + more
}

// escapedQuery percent-encodes what a query that somebody wrote cannot hold.
func escapedQuery(raw string) string {
	part := uritemplate.Part{Literal: raw}
	return string(part.Append(nil, nil))
}
