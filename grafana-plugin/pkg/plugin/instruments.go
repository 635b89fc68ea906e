package plugin

import (
	"context"
	"regexp"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// maxInstruments of one query: what one request for candles takes, and more lines than anybody can read.
const maxInstruments = tickscope.MaxBatch

const watchlistPrefix = "watchlist:"

// variablePattern finds what no variable has filled in: $name, ${name}, ${name:csv}, [[name]].
func variablePattern() *regexp.Regexp {
	return regexp.MustCompile(`\$\{[^}]*\}|\$\w+|\[\[\w+(:\w+)?\]\]`)
}

func hasVariable(text string) bool {
	return (strings.Contains(text, "$") || strings.Contains(text, "[[")) && variablePattern().MatchString(text)
}

// splitNames takes what an editor, a multi-value variable or a person writes: several in one string, with commas, with
// or without braces.
func splitNames(texts []string) []string {
	var names []string
	seen := map[string]bool{}
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
			text = text[1 : len(text)-1]
		}
		for _, name := range strings.Split(text, ",") {
			if name = strings.TrimSpace(name); name != "" && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// askedInstruments are the names that a query means, watchlists opened, at most maxInstruments, and what there is to
// say about the others.
func (d *Datasource) askedInstruments(ctx context.Context, texts []string) ([]string, []data.Notice, error) {
	var names []string
	var notices []data.Notice
	for _, name := range splitNames(texts) {
		switch {
		case name == "$__all" || strings.EqualFold(name, "all"):
			notices = append(notices, warning("All instruments at once are too many. Choose some in the dashboard's variable, or a watchlist."))
		case hasVariable(name):
			notices = append(notices, warning("The variable %s has no value here. Choose one at the top of the dashboard, or define the variable.", variablePattern().FindString(name)))
		case strings.HasPrefix(name, watchlistPrefix):
			members, err := d.client.Watchlist(ctx, strings.TrimPrefix(name, watchlistPrefix))
			if tickscope.IsUnknown(err) {
				notices = append(notices, warning("%s", err.Error()))
			} else if err != nil {
				return nil, nil, err
			}
			names = append(names, column(members, tickscope.Key.Name)...)
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 && len(notices) == 0 {
		notices = append(notices, warning("No instrument is chosen. Choose one in the query, or a value in the dashboard's variable."))
	}
	if len(names) > maxInstruments {
		notices = append(notices, warning("%d instruments are asked for: these are the first %d. Choose fewer.", len(names), maxInstruments))
		names = names[:maxInstruments]
	}
	return names, notices, nil
}
