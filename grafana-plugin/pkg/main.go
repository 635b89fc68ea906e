// Command gpx_tickscope_market is the back end of the Grafana data source "Tickscope".
package main

import (
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/plugin"
)

func main() {
	// Blocks until Grafana ends the process. Makes one plugin.Datasource per configured data source and a new one when its
	// settings change.
	if err := datasource.Manage(plugin.ID, plugin.NewDatasource, datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("the back end ended", "error", err.Error())
		os.Exit(1)
	}
}
