"""The root map. From an address of the API to the code that answers it:

address                               view                               who            service
/, /login, /logout, /account          users.pages                        see there      users.services
/setup, /setup/music                  users.pages                        no account     users.first_admin
POST /auth/login                      users.views.LoginView              anyone         users.services
POST /auth/createAdmin                users.views.CreateAdminView        no account     users.services
GET|POST /api/library                 libraries.views.LibraryViewSet     admin          services.libraries
GET|PUT|DELETE /api/library/{id}      libraries.views.LibraryViewSet     admin          services.libraries
GET /api/song, /api/song/{id}         libraries.catalog_api.views        signed in      libraries.catalog_api.songs
GET /api/album, /api/artist, …        libraries.catalog_api.views        signed in      libraries.catalog_api
GET|POST /api/user                    users.views.UserViewSet            admin          users.services
GET|PUT|DELETE /api/user/{id}         users.views.UserViewSet            self or admin  users.services
POST /api/user/{id}/signout           users.views.UserViewSet            self or admin  users.services
GET|PUT /api/user/{id}/library        users.views.UserLibraryView        admin          services.set_user_libraries
GET|POST /api/user/{id}/subsonic      users.views.AppPasswordView        self           users.app_passwords
GET|POST /api/apikey                  users.views.ApiKeyViewSet          signed in      users.api_keys
GET|DELETE /api/apikey/{id}           users.views.ApiKeyViewSet          owner, admin   users.api_keys
GET /api/audit                        navidrome_lib.audit.views          admin          audit.services
GET /api/audit/signin                 navidrome_lib.audit.views          admin          audit.sign_ins
GET|DELETE /api/missing               missing.views.MissingFileView      admin          missing.purges
GET /api/missing/{id}                 missing.views                      admin
GET /api/missing/purge                missing.views.PurgeViewSet         admin          missing.purges.undo_purge
POST /api/missing/{id}/relink         missing.views.RelinkView           admin          missing.relink
GET|POST /api/scan                    libraries.views.ScanViewSet        admin          services.scans.request_scan
GET|DELETE /api/scan/{id}             libraries.views.ScanViewSet        admin          services.scans.cancel_scan
GET /api/scan/{id}/changes            libraries.views.ScanViewSet        admin          libraries.models.change
GET /api/library/{id}/explain         libraries.views.LibraryViewSet     admin          storage.explain
GET /api/events                       libraries.event_views.EventView    signed in      libraries.events.hub
GET /rest/{method}                    subsonic.urls.METHODS              see the table  services.scans
GET /api/keepalive/                   system.views                       everyone
GET /api/insights/*                   system.views                       signed in
GET|POST /api/playlist                listening.views.playlists          signed in      listening.services.playlists
GET|PUT|DELETE /api/playlist/{id}     listening.views.playlists          owner, admin   listening.services.playlists
GET /api/song/{id}/playlists          listening.views.playlists          signed in
GET|POST /api/player, /{id}           listening.views.devices            owner, admin   listening.services.players
GET|POST /api/radio, /{id}            listening.views.devices            admin changes
GET|POST /api/transcoding, /{id}      listening.views.devices            admin changes
GET|POST /api/share, /{id}            listening.views.shares             owner, admin   listening.services.shares
GET /api/scrobble, /{id}              listening.views.shares             owner
POST /account/services/{service}      listening.pages                    signed in      listening.forwarding.linking
GET|PUT|DELETE /api/{service}/link    listening.views.links              signed in      listening.forwarding.linking
POST /api/artwork/{kind}/{id}/refresh media.covers.views                 admin          media.covers.refreshing
POST|DELETE /api/{kind}/{id}/image    media.uploads.views                owner, admin   media.uploads.service
GET /share/{id}, /share/{id}/…        media.sharing.views                everyone       listening.services.shares
GET /api/translation                  system.empty_lists                 everyone
GET /api/health                       system.views                       everyone
GET /api/config/*, /api/inspect       system.views                       admin, by flag
GET /api/schema/, /api/docs/          system.schema_view                 everyone
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

admin.autodiscover()

# looked through in this order at each request: what clients ask most comes first, and a prefix costs less than patterns
urlpatterns = [
    path("rest/", include("subsonic.urls")),
    path("", include("libraries.urls")),
    path("", include("libraries.catalog_api.urls")),
    path("", include("system.urls")),
    path("", include("listening.urls")),
    path("", include("media.urls")),
    path("", include("missing.urls")),
    path("", include("users.urls")),
    path("", include("navidrome_lib.audit.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "navidrome_lib.api.handlers.bad_request"
handler403 = "navidrome_lib.api.handlers.forbidden"
handler404 = "navidrome_lib.api.handlers.not_found"
handler500 = "navidrome_lib.api.handlers.server_error"
