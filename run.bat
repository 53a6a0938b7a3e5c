@echo off
rem Starts a hub, installing what it needs first: run.bat --port 9000
setlocal
cd /d "%~dp0"
if not exist .venv\Scripts\hubbub.exe call setup.bat || exit /b 1
.venv\Scripts\hubbub run %*
